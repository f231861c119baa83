/** What the page's first script offers to the application, as `window.imagedbBoot`. */
export interface Boot {
  /** Whether the application may start; false if the page shows why it cannot. */
  mayStart(): boolean;
  /** The application has replaced the text of the page: later errors are its own. */
  started(): void;
  /** Compares the program's files with what was published. Resolves with a sentence if one differs, else with "". */
  check(): Promise<string>;
  /** The same with files fetched again, past every cache. If all are right, damaged copies in caches are replaced. */
  repair(): Promise<string>;
}

/** A file of the program, as the page lists it. */
export interface ProgramFile {
  path: string;
  bytes: number;
  sha256: string;
}

/** What the page says instead of the collection. */
export interface Message {
  title: string;
  /** Plain sentences: what happened, and what to do. */
  text: string[];
  /** A command to type, or a file. */
  code?: string;
  /** The label of the button; no button if trying again cannot help. */
  button?: string;
  /** An address to open instead. */
  link?: string;
}
