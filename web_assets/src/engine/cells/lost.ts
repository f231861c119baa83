/** Files that could not be loaded: a search answers from the others, and says so. */
import { messageOf } from "../../base/errors";
import { isLoadFailure } from "../partial-words";

export class Lost {
  private first: unknown = null;

  /** Take note of a file that is damaged or cannot be loaded. Throws any other error. */
  readonly add = (error: unknown): void => {
    if (!isLoadFailure(error)) throw error;
    this.first ??= error;
  };

  /** Throws the first error, if there is one. */
  throwIfAny(): void {
    if (this.first !== null) throw this.first;
  }

  /** What a person is told; undefined if everything was loaded. */
  get message(): string | undefined {
    return this.first === null ? undefined
      : `Part of the vectors could not be loaded, so results by meaning may be missing or in a rough order: ${messageOf(this.first)}`;
  }
}
