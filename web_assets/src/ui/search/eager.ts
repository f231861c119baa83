/** Decides when a search starts while a person is typing: immediately if it is cheap and likely to be useful, else in a pause. */
/** After a pause of this length (ms) a search starts, whatever was typed. */
const TYPING_PAUSE_MS = 220;
/** If the last answer took longer (ms), searches wait for a pause. */
const FAST_ANSWER_MS = 300;

export interface Surroundings {
  /** Begins the search for a text that ends in a known word; false if it does not. */
  begin: (text: string) => Promise<boolean>;
  /** How long the last answer took (ms); null if there was none. */
  lastTook: () => number | null;
}

export class Eager {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private turn = 0;

  constructor(private readonly env: Surroundings) {}

  /** The box now holds `text`, which `search` searches for. */
  typed(text: string, search: () => void): void {
    this.stop();
    const mine = this.turn;
    this.timer = setTimeout(search, TYPING_PAUSE_MS);
    const took = this.env.lastTook();
    if (took === null || took > FAST_ANSWER_MS || !/\S$/u.test(text)) return;
    // A search for part of a word would load results that nobody wants.
    this.env.begin(text).then((begun) => { if (begun && mine === this.turn) search(); }, () => undefined);
  }

  /** Typing has ended, or the typed text is already being searched for. */
  stop(): void {
    clearTimeout(this.timer);
    this.turn++;
  }
}
