/** Whether the `<details>` around an element has been opened, so that its content may load. */
import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

export function useOpened(inside: RefObject<HTMLElement | null>): boolean {
  const [opened, setOpened] = useState(false);
  useEffect(() => {
    const group = inside.current?.closest("details");
    if (!group) return;
    const look = (): void => { if (group.open) setOpened(true); };
    look();
    group.addEventListener("toggle", look);
    return () => group.removeEventListener("toggle", look);
  }, []);
  return opened;
}
