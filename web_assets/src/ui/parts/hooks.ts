/** Small hooks that watch the browser. */
import { useEffect, useLayoutEffect, useState } from "preact/hooks";

/** Whether a media query holds now. */
export function useMedia(query: string): boolean {
  const [holds, setHolds] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const listen = (): void => setHolds(list.matches);
    listen();
    list.addEventListener("change", listen);
    return () => list.removeEventListener("change", listen);
  }, [query]);
  return holds;
}

/** The width of an element in CSS pixels, rounded down; 0 before it is measured. `present`: whether it is in the page. */
export function useWidth(element: { current: HTMLElement | null }, present: boolean): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const target = element.current;
    if (!target) return;
    const measure = (): void => setWidth(Math.floor(target.getBoundingClientRect().width));
    const observer = new ResizeObserver(measure);
    observer.observe(target);
    measure();
    return () => observer.disconnect();
  }, [present]);
  return width;
}

/** True once `since` (ms, null: never) lies `delay` ms back: so that quick work shows no progress. */
export function useLate(since: number | null, delay: number): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (since === null) return;
    const timer = setTimeout(() => setLate(true), Math.max(0, since + delay - performance.now()));
    return () => clearTimeout(timer);
  }, [since, delay]);
  return late;
}

/** The result of a promise that is made again when one of `inputs` changes; results of earlier ones are dropped. */
export type Loaded<Value> = { state: "loading" } | { state: "failed"; message: string } | { state: "ready"; value: Value };

export function useLoaded<Value>(load: () => Promise<Value>, inputs: readonly unknown[]): Loaded<Value> {
  const [loaded, setLoaded] = useState<Loaded<Value>>({ state: "loading" });
  useEffect(() => {
    let current = true;
    setLoaded({ state: "loading" });
    load().then(
      (value) => { if (current) setLoaded({ state: "ready", value }); },
      (error: unknown) => {
        if (current) setLoaded({ state: "failed", message: error instanceof Error ? error.message : "This could not be loaded." });
      },
    );
    return () => { current = false; };
  }, inputs);
  return loaded;
}
