/** A modal dialog, based on the browser's `<dialog>`: it traps the focus, closes with Esc, and restores the focus. */
import type { ComponentChildren, JSX, TargetedEvent, TargetedMouseEvent } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

import { CloseIcon } from "./icons";
import { Toasts } from "./toasts";

interface Props {
  label: string;
  class?: string;
  onClose: () => void;
  /** Whether the dialog itself gets the focus at first, instead of its first element. */
  focusSelf?: boolean;
  /** Whether to show a bar with the label and a close button. */
  heading?: boolean;
  children: ComponentChildren;
}

export function Modal({ label, class: extra, onClose, focusSelf = false, heading = false, children }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    if (focusSelf) element?.focus();
    // The page behind an open dialog must not scroll.
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
      <Toasts />
    </dialog>
  );
}
