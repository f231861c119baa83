/** A search that begins while its text is still being typed, for the call that asks for it next. */
import { abortable } from "../base/async";
import type { SearchOptions } from "./methods";
import type { Answer, SearchRequest } from "./types";

export class Ahead {
  private readonly key: string;
  private readonly abort = new AbortController();
  private readonly answer: Promise<Answer>;
  private partial: Answer | null = null;
  private heard: SearchOptions["onPartial"];

  constructor(request: SearchRequest, search: (request: SearchRequest, context: SearchOptions) => Promise<Answer>) {
    this.key = JSON.stringify(request);
    this.answer = search(request, {
      signal: this.abort.signal,
      onPartial: (answer) => {
        this.partial = answer;
        this.heard?.(answer);
      },
    });
    // It may never be asked for.
    this.answer.catch(() => undefined);
  }

  is(request: SearchRequest): boolean {
    return this.key === JSON.stringify(request);
  }

  /** The answer, as if the search began now. */
  give({ signal, onPartial }: SearchOptions): Promise<Answer> {
    if (this.partial) onPartial?.(this.partial);
    this.heard = onPartial;
    signal?.addEventListener("abort", () => { this.drop(); }, { once: true });
    return abortable(this.answer, signal);
  }

  drop(): void {
    this.heard = undefined;
    this.abort.abort();
  }
}
