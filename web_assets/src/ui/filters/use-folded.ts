/** Closes a group of filters while nothing in the result has a value, so that the groups with values come first. */
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** @param inside an element inside the group's `<details>` */
export function useFolded(inside: RefObject<HTMLElement | null>, empty: boolean): void {
  const folded = useRef(false);
  useEffect(() => {
    const group = inside.current?.closest("details");
    if (!group || (!empty && !folded.current)) return;
    // A group that the person closed stays closed.
    folded.current = empty && group.open;
    group.open = !empty;
  }, [empty]);
}
