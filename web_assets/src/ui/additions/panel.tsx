/** The dialog for adding pictures: drop, paste, choose or photograph them; and the list of those added, to edit or remove. */
import type { JSX, TargetedEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { useController, useStore } from "../context";
import { useMedia } from "../parts/hooks";
import { AlertIcon, CameraIcon, DownloadIcon, LockIcon, PictureIcon } from "../parts/icons";
import { Modal } from "../parts/modal";
import { carriesFiles, filesFrom, listen } from "../pictures/intake";
import { useImageModelSize } from "../pictures/use-pictures";
import { bytes, count, pictures } from "../wording";
import { Coming, Entry } from "./entry";
import { useAdding } from "./use-adding";

export function AddPanel(): JSX.Element | null {
  const controller = useController();
  const { open } = useAdding();
  if (!open) return null;
  return <Modal label="Add pictures" class="add" heading focusSelf onClose={() => controller.adding.show(false)}><Panel /></Modal>;
}

function Panel(): JSX.Element {
  const { adding } = useController();
  const { additions, jobs, problem, busy } = useAdding();
  const inside = useRef<HTMLDivElement>(null);
  const [over, setOver] = useState(false);
  useEffect(() => {
    // Dropping or pasting anywhere in the dialog means "add"; elsewhere on the page it means "search by it".
    const dialog = inside.current?.closest("dialog");
    if (!dialog) return;
    const drag = (event: DragEvent): void => {
      if (!carriesFiles(event.dataTransfer)) return;
      event.preventDefault();
      if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
      setOver(true);
    };
    const leave = (event: DragEvent): void => {
      if (!(event.relatedTarget instanceof Node && dialog.contains(event.relatedTarget))) setOver(false);
    };
    const take = (event: Event, files: File[]): void => {
      setOver(false);
      if (!files.length) return;
      event.preventDefault();
      void adding.add(files);
    };
    const drop = (event: DragEvent): void => take(event, filesFrom(event.dataTransfer));
    const paste = (event: ClipboardEvent): void => {
      const field = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
      if (!(field && event.clipboardData?.getData("text/plain"))) take(event, filesFrom(event.clipboardData));
    };
    return listen(dialog, { dragenter: drag, dragover: drag, dragleave: leave, drop, paste });
  }, [adding]);
  const coming = jobs.filter(({ state }) => state !== "added");
  const left = jobs.filter(({ state }) => state === "waiting" || state === "working").length;
  const list = additions?.list ?? [];
  return (
    <div ref={inside} class={`add-body ${over ? "over" : ""}`}>
      {additions?.unable
        ? <p class="message bad" role="alert"><AlertIcon /><span>{additions.unable}</span></p>
        : <Intake />}
      {problem && <p class="message bad" role="alert"><AlertIcon /><span>{problem}</span></p>}
      <p class="visually-hidden" role="status">
        {left ? `${pictures(left)} to go` : jobs.length ? `${pictures(jobs.filter(({ state }) => state === "added").length)} added` : ""}
      </p>
      {busy === "import" && <p class="busy" role="status"><span class="spinner" aria-hidden="true" />Importing the bundle</p>}
      {coming.length > 0 && <ul class="entries">{coming.map((job) => <Coming key={job.key} job={job} />)}</ul>}
      {list.length > 0 && (
        <>
          <h3>{pictures(list.length)} on this device</h3>
          <ul class="entries">{list.map((addition) => <Entry key={addition.id} addition={addition} />)}</ul>
        </>
      )}
      {(list.length > 0 || jobs.length > 0) && <Foot />}
    </div>
  );
}

function Intake(): JSX.Element {
  const { adding } = useController();
  const { additions } = useAdding();
  const tower = useStore((state) => state.progress["image-tower"]);
  const touch = useMedia("(pointer: coarse)");
  const files = useRef<HTMLInputElement>(null);
  const camera = useRef<HTMLInputElement>(null);
  const take = (event: TargetedEvent<HTMLInputElement>): void => {
    const chosen = [...(event.currentTarget.files ?? [])];
    event.currentTarget.value = "";
    void adding.add(chosen);
  };
  const size = useImageModelSize(true);
  const fresh = !additions?.list.length;
  return (
    <div class={`add-zone ${fresh ? "" : "small"}`}>
      <span class="add-mark"><PictureIcon /></span>
      <p class="add-title">{touch ? "Add pictures of your own" : "Drop pictures here, or paste them"}</p>
      <div class="add-ways">
        <button type="button" class="button solid" onClick={() => files.current?.click()}><PictureIcon />Choose pictures</button>
        {touch && <button type="button" class="button" onClick={() => camera.current?.click()}><CameraIcon />Take a photo</button>}
      </div>
      <input ref={files} type="file" accept="image/*,.heic,.avif,.svg,.zip" multiple hidden data-add="files" onChange={take} />
      <input ref={camera} type="file" accept="image/*" capture="environment" hidden data-add="camera" onChange={take} />
      {fresh && (
        <p class="add-promise">
          <LockIcon />
          <span>
            The next search includes them. They are analysed and stored on this device only,
            never uploaded.{!(tower?.done && tower.total > 0) && size !== null && ` The first one loads the picture model, ${bytes(size)}.`}
          </span>
        </p>
      )}
    </div>
  );
}

/** The space they use, and how to publish them. */
function Foot(): JSX.Element {
  const { adding } = useController();
  const { additions, room, busy, jobs } = useAdding();
  const title = useStore((state) => state.manifest?.collection.title ?? "");
  const number = additions?.list.length ?? 0;
  const working = jobs.some(({ state }) => state === "waiting" || state === "working");
  return (
    <div class="add-foot">
      <div>
        <p>
          {bytes(additions?.bytes ?? 0)} on this device
          {room && <span class="faint"> · {bytes(Math.max(0, room.quota - room.used))} free for this site</span>}
        </p>
        <p class="faint">To publish them, export a bundle and run <code>imagedb-site add</code> with it.</p>
      </div>
      <button type="button" class="button" disabled={!number || busy !== null || working} onClick={() => void adding.export(title)}>
        {busy === "export" ? <span class="spinner" aria-hidden="true" /> : <DownloadIcon />}Export {count(number)}
      </button>
    </div>
  );
}
