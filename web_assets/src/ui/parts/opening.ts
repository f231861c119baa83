/** Links that the page follows itself. */
import type { TargetedMouseEvent } from "preact";

/** What an ordinary click on a link does; others are the browser's. */
export function opener(open: () => void): (event: TargetedMouseEvent<HTMLAnchorElement>) => void {
  return (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    open();
  };
}
