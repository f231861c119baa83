/** The focus of results, which are drawn only near the screen. */
import type { RefObject } from "preact";
import { useCallback, useLayoutEffect, useRef } from "preact/hooks";

/**
 * Returns a function that moves the focus to the result at a place of the list, as soon as it is drawn, unless another list is shown by then.
 * @param key of the list that is shown
 * @param before called when the result is drawn, before it gets the focus
 */
export function useFocus(element: RefObject<HTMLElement | null>, key: string | null, before?: (index: number) => void): (index: number) => void {
  const wish = useRef<{ key: string; index: number } | null>(null);
  const shown = useRef(key);
  shown.current = key;
  const grant = useCallback((): void => {
    const wanted = wish.current;
    if (!wanted) return;
    const link = element.current?.querySelector<HTMLElement>(`[data-index="${String(wanted.index)}"]`);
    const here = wanted.key === shown.current;
    if (link || !here) wish.current = null;
    if (!link || !here) return;
    before?.(wanted.index);
    link.focus({ preventScroll: true });
  }, []);
  useLayoutEffect(grant);
  return useCallback((index) => {
    wish.current = shown.current === null ? null : { key: shown.current, index };
    grant();
  }, []);
}
