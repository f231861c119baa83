/** What of the collection is stored on this device: keep, pause, check, remove. */
import type { JSX } from "preact";

import { useController, useStore } from "../context";
import { forgetKept, verifyKept } from "../offline";
import type { Checked, Wish } from "../state/reducer";
import { persist, storeWish } from "../wish";
import { bytes, count } from "../wording";

export function Offline(): JSX.Element {
  const controller = useController();
  const { complete, left, total, able, ended } = useStore((state) => state.kept);
  const keeping = useStore((state) => state.keeping);
  const checked = useStore((state) => state.checked);
  const keep = (wish: Wish): void => {
    storeWish(controller.base, wish);
    if (wish === "all") persist();
    controller.store.dispatch({ type: "keep", keeping: wish });
  };
  const remove = (): void => {
    storeWish(controller.base, "some");
    forgetKept(controller);
  };
  const all = keeping === "all" && ended && !left;
  const running = keeping === "all" && !ended;
  return (
    <div class="offline">
      <p role="status">{all
        ? `This collection is stored on this device (${bytes(total)}), so it also works offline. Larger pictures are stored when you open them.`
        : running ? `Storing the collection: ${bytes(total - left)} of ${bytes(total)}.`
        : keeping === "paused" ? `Paused: ${bytes(total - left)} of ${bytes(total)} are stored.`
        : keeping === "all" ? `${bytes(left)} could not be stored. The connection failed, or the device has no room.`
        : complete ? "Everything a search needs is stored on this device, so it also works offline."
        : "What you have loaded once also works offline."}</p>
      {running && <progress value={total - left} max={total || 1} aria-label="Stored" />}
      {checked && <p role="status">{result(checked)}</p>}
      {able && (
        <div class="offline-actions">
          {keeping === "some" && left > 0 && <button type="button" class="button" onClick={() => keep("all")}>Keep this collection offline ({bytes(left)})</button>}
          {running && <button type="button" class="button" onClick={() => keep("paused")}>Pause</button>}
          {keeping === "paused" && <button type="button" class="button" onClick={() => keep("all")}>Continue</button>}
          {keeping === "all" && !running && !all && <button type="button" class="button" onClick={() => keep("all")}>Try again</button>}
          {all && <button type="button" class="button" disabled={checked === "running"} onClick={() => verifyKept(controller)}>Check the stored files</button>}
          {all && checked && checked !== "running" && checked.damaged > 0
            && <button type="button" class="button" onClick={() => keep("all")}>Load {files(checked.damaged)} again</button>}
          {keeping !== "some" && <button type="button" class="button" onClick={remove}>Remove from this device</button>}
        </div>
      )}
    </div>
  );
}

function result(checked: Checked): string {
  if (checked === "running") return "Checking the stored files…";
  const { whole, damaged } = checked;
  return damaged ? `Deleted because of damage: ${files(damaged)}. Whole: ${files(whole)}.` : `Checked ${files(whole)}: all are whole.`;
}

function files(value: number): string {
  return `${count(value)} ${value === 1 ? "file" : "files"}`;
}
