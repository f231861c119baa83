/** The parts of the browser that the controller uses. Types only. */

/** What is used from the browser; tests pass a substitute. */
export interface Surroundings {
  location: { search: string; hash: string; pathname: string; href: string };
  history: { state: unknown; pushState(data: unknown, unused: string, url: string): void;
    replaceState(data: unknown, unused: string, url: string): void; back(): void };
  now(): number;
}
