/** A short message, shown for a moment, with a button that takes back what was done. */
import type { JSX, TargetedFocusEvent } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { useController } from "../context";
import type { Message } from "../state/reducer";

/** How long (ms) a message is shown: at least, for each of its characters, and if something can be taken back. */
const [LEAST_MS, CHARACTER_MS, UNDO_MS] = [2600, 60, 12_000];

/** It stays while the pointer or the focus is on it, so that nobody has to hurry. */
export function Toast({ message }: { message: Message }): JSX.Element {
  const { text, undo } = message;
  const { store } = useController();
  const [held, hold] = useState(false);
  const before = useRef<EventTarget | null>(null);
  const end = (): void => store.dispatch({ type: "toast", toast: null });
  const back = (): void => {
    end();
    undo?.();
    if (before.current instanceof HTMLElement && before.current.isConnected) before.current.focus();
  };
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(end, undo ? UNDO_MS : Math.max(LEAST_MS, CHARACTER_MS * text.length));
    return () => clearTimeout(timer);
  }, [held]);
  // As soon as the message can be seen, the key works.
  useLayoutEffect(() => {
    if (!undo) return;
    const key = (event: KeyboardEvent): void => {
      const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
      if (event.key !== "z" || !(event.ctrlKey || event.metaKey) || event.altKey || typing) return;
      event.preventDefault();
      back();
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);
  const enter = (event: TargetedFocusEvent<HTMLElement>): void => {
    before.current ??= event.relatedTarget;
    hold(true);
  };
  return (
    <div class="toast" onPointerEnter={() => hold(true)} onPointerLeave={() => hold(false)} onFocusIn={enter} onFocusOut={() => hold(false)}>
      <span>{text}</span>
      {undo && <button type="button" class="text-button" aria-keyshortcuts="Control+Z" onClick={back}>Undo</button>}
    </div>
  );
}
