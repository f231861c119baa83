/** Pictures can be dropped anywhere on the page; this shows it while files are dragged. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { useController, useStore } from "../context";
import { PictureIcon } from "../parts/icons";
import { takeIn } from "./intake";

export function DropTarget(): JSX.Element {
  const controller = useController();
  const able = useStore((state) => Boolean(state.manifest?.vectors && state.manifest.model));
  const [over, setOver] = useState(false);
  const overlay = useRef<HTMLDivElement>(null);
  useEffect(() => takeIn(window, { onDrag: setOver, onPictures: (files) => void controller.searchBy(files) }), [controller]);
  useEffect(() => {
    // A popover is above everything, including open dialogs.
    if (over) overlay.current?.showPopover();
    else if (overlay.current?.matches(":popover-open")) overlay.current.hidePopover();
  }, [over]);
  return (
    <div ref={overlay} class="drop" popover="manual">
      <div class="drop-card">
        <PictureIcon />
        <p class="drop-title">{able ? "Drop to search by picture" : "This collection cannot be searched by picture"}</p>
        {able && <p>Your picture stays on this device and is never uploaded.</p>}
      </div>
    </div>
  );
}
