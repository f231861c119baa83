/** An added picture in the panel, and one that is being added. */
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";

import type { AdditionSummary } from "../../api/additions";
import { visible } from "../../base/visible";
import { useController, useStore } from "../context";
import { AlertIcon, CheckIcon, PencilIcon, PictureIcon, TrashIcon } from "../parts/icons";
import { bytes } from "../wording";
import type { Job } from "./adding";
import { Editor } from "./editor";

export function Entry({ addition }: { addition: AdditionSummary }): JSX.Element {
  const controller = useController();
  const [editing, setEditing] = useState(false);
  const pencil = useRef<HTMLButtonElement>(null);
  const { id, name, caption, tags, thumbnail, published, embedded } = addition;
  const vectors = useStore((state) => Boolean(state.manifest?.vectors));
  const title = visible(caption || name);
  const close = (): void => {
    setEditing(false);
    // The pencil exists again after the next render.
    setTimeout(() => pencil.current?.focus(), 0);
  };
  const notes = [
    ...(caption ? [visible(name)] : []), bytes(addition.bytes), ...tags.slice(0, 6).map((tag) => visible(tag)),
    ...(embedded || !vectors ? [] : ["found by words only, for now"]),
  ];
  return (
    <li class="entry" data-id={id}>
      <button type="button" class="entry-picture" aria-label={`Open ${title}`} onClick={() => {
        controller.adding.show(false);
        controller.openImage(id);
      }}>
        <img src={thumbnail} alt="" decoding="async" />
      </button>
      {editing
        ? <Editor addition={addition} onDone={close} />
        : (
          <>
            <div class="entry-text">
              <p class="entry-title">{title}</p>
              <p class="entry-notes faint">{notes.join(" · ")}</p>
              {published && (
                <p class="entry-notes">This picture has been published, but without the changes you made after exporting. Delete your copy when you no longer need it.</p>
              )}
            </div>
            <span class="entry-tools">
              <button ref={pencil} type="button" class="icon-button" aria-label={`Edit ${title}`} title="Caption and tags" onClick={() => setEditing(true)}><PencilIcon /></button>
              <button type="button" class="icon-button" aria-label={`Remove ${title}`} title="Remove" onClick={() => void controller.adding.remove([id], title)}><TrashIcon /></button>
            </span>
          </>
        )}
    </li>
  );
}

export function Coming({ job }: { job: Job }): JSX.Element {
  const tower = useStore((state) => state.progress["image-tower"]);
  const loading = tower && !tower.done && tower.total > 0;
  const working = job.state === "working"
    ? loading ? `Loading the picture model, ${bytes(Math.min(tower.loaded, tower.total))} of ${bytes(tower.total)}` : "Analysing the picture"
    : "Waiting";
  const failed = job.state === "failed";
  return (
    <li class={`entry coming ${failed ? "bad" : ""}`} data-state={job.state}>
      <span class="entry-picture blank">{failed ? <AlertIcon /> : job.state === "known" ? <CheckIcon /> : <PictureIcon />}</span>
      <div class="entry-text">
        <p class="entry-title">{visible(job.name)}</p>
        <p class="entry-notes" {...(failed ? { role: "alert" } : {})}>
          {job.message ?? <span class="busy"><span class="spinner" aria-hidden="true" />{working}</span>}
        </p>
      </div>
    </li>
  );
}
