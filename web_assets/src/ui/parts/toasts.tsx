/** Where short messages appear: on the page, or on the dialog that covers it. How they are drawn is loaded with the first one. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";

import { useController, useStore } from "../context";
import type { Message } from "../state/reducer";
import { Later, useLater } from "./later";

const toast = new Later(() => import("./toast"), "Toast");
/** How long (ms) a message is shown whose script could not be loaded. */
const PLAIN_MS = 5000;
/** What lies on each other: the page, then dialogs. Only the uppermost can be used and is read aloud. */
const layers: (() => void)[] = [];

export function Toasts(): JSX.Element {
  const message = useStore((state) => state.toast);
  const uppermost = useUppermost();
  // The region is there before its text: otherwise the text is not read aloud.
  return <div class="toast-place" role="status">{message && uppermost && <Late key={message} message={message} />}</div>;
}

function Late({ message }: { message: Message }): JSX.Element | null {
  const { store } = useController();
  const { module, failure } = useLater(toast);
  useEffect(() => {
    if (failure === null) return;
    const timer = setTimeout(() => store.dispatch({ type: "toast", toast: null }), PLAIN_MS);
    return () => clearTimeout(timer);
  }, [failure]);
  if (module) return <module.Toast message={message} />;
  return failure === null ? null : <div class="toast">{message.text}</div>;
}

function useUppermost(): boolean {
  const [, draw] = useState(0);
  const [layer] = useState(() => () => draw((n) => n + 1));
  useLayoutEffect(() => {
    const tell = (): void => { for (const one of layers) one(); };
    layers.push(layer);
    tell();
    return () => {
      layers.splice(layers.indexOf(layer), 1);
      tell();
    };
  }, []);
  return layers.at(-1) === layer;
}
