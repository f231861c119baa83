/** What the rest of the page shows for added pictures: button, badge, tools of the detail view, and a note about deleted copies. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import type { AdditionSummary } from "../../api/additions";
import { visible } from "../../base/visible";
import { useController } from "../context";
import { CheckIcon, CloseIcon, DeviceIcon, PencilIcon, PlusIcon, TrashIcon } from "../parts/icons";
import { count } from "../wording";
import { Editor } from "./editor";
import { useAdding } from "./use-adding";

/** In the header, with the number of additions. */
export function AddButton(): JSX.Element | null {
  const { adding } = useController();
  const { additions } = useAdding();
  if (!additions) return null;
  const number = additions.list.length;
  return (
    <button type="button" class="icon-button add-button" title="Add pictures" aria-haspopup="dialog"
      aria-label={number ? `Add pictures, ${count(number)} on this device` : "Add pictures"} onClick={() => adding.show(true)}>
      <PlusIcon />{number > 0 && <span class="badge" aria-hidden="true">{count(number)}</span>}
    </button>
  );
}

/** On a tile. */
export function LocalBadge(): JSX.Element {
  return <span class="tile-local"><span class="tile-local-pill"><DeviceIcon /><span>On this device</span></span></span>;
}

/** In the detail view of an added picture. */
export function LocalTools({ addition }: { addition: AdditionSummary }): JSX.Element {
  const controller = useController();
  const [editing, setEditing] = useState(false);
  const pencil = useRef<HTMLButtonElement>(null);
  useEffect(() => setEditing(false), [addition.id]);
  const title = visible(addition.caption || addition.name);
  const done = (): void => {
    setEditing(false);
    setTimeout(() => pencil.current?.focus(), 0);
  };
  const remove = (): void => {
    controller.closeImage();
    void controller.adding.remove([addition.id], title);
  };
  return (
    <section class="local-tools" aria-label="Added on this device">
      <p class="local-note"><DeviceIcon /><span>Added by you, stored on this device only.</span></p>
      {editing
        ? <Editor addition={addition} onDone={done} />
        : (
          <div class="actions">
            <button ref={pencil} type="button" class="button" aria-label="Edit caption and tags" onClick={() => setEditing(true)}><PencilIcon />Edit</button>
            <button type="button" class="button" onClick={remove}><TrashIcon />Remove</button>
          </div>
        )}
    </section>
  );
}

/** A message: local copies were deleted because the pictures have been published. */
export function Retired(): JSX.Element | null {
  const { adding } = useController();
  const { retired } = useAdding();
  if (!retired.length) return null;
  const one = retired.length === 1;
  return (
    <div class="message calm" role="status">
      <CheckIcon />
      <span>
        {one ? `“${retired[0]!}”, which you added, is` : `${count(retired.length)} pictures that you added are`} part of the collection now.
        {one ? " The copy on this device was" : " The copies on this device were"} removed.
      </span>
      <button type="button" class="icon-button" aria-label="Dismiss" title="Dismiss" onClick={() => adding.dismissRetired()}><CloseIcon /></button>
    </div>
  );
}
