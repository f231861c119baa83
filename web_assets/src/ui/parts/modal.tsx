/** A modal dialog on the browser's own: it keeps the focus in, closes with Esc, and gives the focus back. */
import type { ComponentChildren, JSX, TargetedEvent, TargetedMouseEvent } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

import { CloseIcon } from "./icons";

interface Props {
  label: string;
  class?: string;
  onClose: () => void;
  /** The dialog itself takes the focus at first, not what comes first in it. */
  focusSelf?: boolean;
  /** A bar with the label and a close button. */
  heading?: boolean;
  children: ComponentChildren;
}

export function Modal({ label, class: extra, onClose, focusSelf = false, heading = false, children }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    if (focusSelf) element?.focus();
    // While it is open nothing behind it scrolls.
    document.documentElement.classList.add("covered");
    return () => {
      element?.close();
      if (!document.querySelector("dialog[open]")) document.documentElement.classList.remove("covered");
    };
  }, []);
  const cancel = (event: TargetedEvent<HTMLDialogElement>): void => {
    event.preventDefault();
    onClose();
  };
  const click = (event: TargetedMouseEvent<HTMLDialogElement>): void => {
    if (event.target === dialog.current) onClose();
  };
  return (
    <dialog ref={dialog} class={`modal ${extra ?? ""}`} aria-label={label} onCancel={cancel} onClick={click}
      {...(focusSelf ? { tabIndex: -1 } : {})}>
      {heading && (
        <header class="modal-head">
          <h2>{label}</h2>
          <button type="button" class="icon-button" aria-label="Close" onClick={onClose}><CloseIcon /></button>
        </header>
      )}
      {children}
    </dialog>
  );
}
