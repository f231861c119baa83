/** The choice of results: its script is loaded when the person first points at a result. */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { messageOf } from "../../base/errors";
import { useController, useStore } from "../context";
import { Later, useLater } from "../parts/later";

const selection = new Later(() => import("./selection"), "Bar", "follow");
const EVENTS = ["pointerover", "pointerdown", "pointerup", "pointercancel", "keydown", "focusin"] as const;
const MISSED = new Set<string>(["pointerdown", "keydown", "focusin"]);

/** Listens to the gestures that choose results, and shows the bar with what can be done with them. */
export function Selection(): JSX.Element | null {
  const controller = useController();
  const any = useStore((state) => state.selected.size > 0);
  useEffect(() => {
    const abort = new AbortController();
    let loading = false;
    /** What the script has missed while it was loaded, in order: the finger that lies on a result, keys and where they led. */
    let missed: Event[] = [];
    const listen = (event: Event): void => {
      if (event.type === "pointerup" || event.type === "pointercancel") missed = missed.filter(({ type }) => type !== "pointerdown");
      if (!(event.target instanceof Element && event.target.closest("#results"))) return;
      if (MISSED.has(event.type)) missed.push(event);
      if (loading) return;
      loading = true;
      selection.load().then(({ follow }) => {
        if (abort.signal.aborted) return;
        abort.abort();
        stop = follow(controller, missed);
      }, (error: unknown) => {
        loading = false;
        // Nothing of this happens later, when nobody expects it.
        missed = [];
        controller.say(messageOf(error));
      });
    };
    let stop: (() => void) | null = null;
    for (const type of EVENTS) document.addEventListener(type, listen, { capture: true, signal: abort.signal });
    return () => {
      abort.abort();
      stop?.();
    };
  }, [controller]);
  return any ? <LateBar /> : null;
}

function LateBar(): JSX.Element | null {
  const { module } = useLater(selection);
  return module && <module.Bar />;
}
