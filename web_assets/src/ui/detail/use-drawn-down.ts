/** A finger that draws the picture down, to close it. */
import { useEffect, useRef } from "preact/hooks";

/**
 * Whether a finger draws the element down now. The browser would take that for scrolling, so it is told not to; it scrolls
 * if the dialog can be scrolled up, or if the finger goes another way at first.
 * @param able whether the picture is not zoomed
 */
export function useDrawnDown(place: { current: HTMLElement | null }, able: boolean): { current: boolean } {
  const drawn = useRef(false);
  useEffect(() => {
    const element = place.current;
    if (!element || !able) return;
    let start: Touch | null = null;
    const begin = ({ touches }: TouchEvent): void => {
      drawn.current = false;
      start = touches.length === 1 && !element.closest("dialog")?.scrollTop ? touches[0]! : null;
    };
    const move = (event: TouchEvent): void => {
      const [touch] = event.touches;
      if (!start || !touch || event.touches.length > 1) return;
      if (!drawn.current && touch.clientY - start.clientY <= Math.abs(touch.clientX - start.clientX)) {
        start = null;
        return;
      }
      drawn.current = true;
      if (event.cancelable) event.preventDefault();
    };
    element.addEventListener("touchstart", begin, { passive: true });
    element.addEventListener("touchmove", move, { passive: false });
    return () => {
      drawn.current = false;
      element.removeEventListener("touchstart", begin);
      element.removeEventListener("touchmove", move);
    };
  }, [able]);
  return drawn;
}
