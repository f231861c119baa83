/** A search that is started while its text is still being typed. The next call for the same search gets its answer. */
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
    // Its answer may never be requested.
    this.answer.catch(() => undefined);
  }

  is(request: SearchRequest): boolean {
    return this.key === JSON.stringify(request);
  }

  /** The answer, as if the search started now. */
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
