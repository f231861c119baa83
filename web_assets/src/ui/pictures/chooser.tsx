/** The button in the search box that asks for pictures, and explains what happens to them. */
import type { JSX, TargetedEvent } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { useController, useStore } from "../context";
import { useMedia } from "../parts/hooks";
import { CameraIcon, PictureIcon } from "../parts/icons";
import { bytes } from "../wording";
import { useImageModelSize } from "./use-pictures";

export function Chooser(): JSX.Element | null {
  const controller = useController();
  const manifest = useStore((state) => state.manifest);
  const tower = useStore((state) => state.progress["image-tower"]);
  const touch = useMedia("(pointer: coarse)");
  const [open, setOpen] = useState(false);
  const size = useImageModelSize(open);
  const place = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const camera = useRef<HTMLInputElement>(null);

  useLayoutEffect(() => {
    if (!open) return;
    const away = (event: Event): void => {
      if (event.target instanceof Node && !place.current?.contains(event.target)) setOpen(false);
    };
    const key = (event: KeyboardEvent): void => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      setOpen(false);
      button.current?.focus();
    };
    // Before the next key press: an effect after painting could miss a key pressed immediately.
    document.addEventListener("pointerdown", away);
    document.addEventListener("focusin", away);
    document.addEventListener("keydown", key, true);
    place.current?.querySelector<HTMLElement>(".chooser button")?.focus();
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("focusin", away);
      document.removeEventListener("keydown", key, true);
    };
  }, [open]);

  if (!manifest?.vectors || !manifest.model) return null;
  const take = (event: TargetedEvent<HTMLInputElement>): void => {
    const chosen = [...(event.currentTarget.files ?? [])];
    // The same file may be chosen again.
    event.currentTarget.value = "";
    setOpen(false);
    button.current?.focus();
    if (chosen.length) void controller.searchBy(chosen);
  };
  return (
    <div class="chooser-place" ref={place}>
      <button ref={button} type="button" class="icon-button" aria-label="Search by picture" title="Search by picture"
        aria-expanded={open} aria-controls="chooser" onClick={() => setOpen(!open)}><PictureIcon /></button>
      {/* The inputs stay in the page: a browser may deliver the files after the panel is closed. */}
      <input ref={files} type="file" accept="image/*,.heic,.avif,.svg" multiple hidden data-pick="files" onChange={take} />
      <input ref={camera} type="file" accept="image/*" capture="environment" hidden data-pick="camera" onChange={take} />
      {open && (
        <div id="chooser" class="chooser panel" role="group" aria-label="Search by picture">
          <button type="button" class="button" onClick={() => files.current?.click()}><PictureIcon />Choose pictures</button>
          {touch && <button type="button" class="button" onClick={() => camera.current?.click()}><CameraIcon />Take a photo</button>}
          <p>{touch ? "You can combine several with each other and with words." : <>Or drop them anywhere, or paste with <kbd>Ctrl</kbd> <kbd>V</kbd>. You can combine several with each other and with words.</>}</p>
          <p class="faint">
            Compared on this device, never uploaded.
            {!(tower?.done && tower.total > 0) && size !== null && ` The first one loads the picture model, ${bytes(size)}.`}
          </p>
        </div>
      )}
    </div>
  );
}
