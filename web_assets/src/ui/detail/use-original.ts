/** The original of the open picture, from the moment on that somebody zooms in so far that it is needed. */
import { useEffect, useState } from "preact/hooks";

import { useController } from "../context";
import { isLost } from "../picture-file";
import { loadOriginal } from "./deep-load";

export type Deep =
  | { state: "none" }
  | { state: "loading"; part: number | null }
  | { state: "failed"; lost: boolean }
  | { state: "ready"; src: string };

export interface UsedOriginal {
  deep: Deep;
  /** Loads it again, past every cache. */
  retry: () => void;
  /** Says that it is here and cannot be shown. */
  fail: () => void;
}

/** @param url null until it is needed */
export function useOriginal(url: string | null): UsedOriginal {
  const { views } = useController();
  const [attempt, setAttempt] = useState(0);
  const [deep, setDeep] = useState<Deep>({ state: "none" });
  useEffect(() => {
    if (!url) return;
    // A page from the disk cannot fetch it, and shows it by its own address.
    if (views.plain) return setDeep({ state: "ready", src: url });
    const abort = new AbortController();
    let src: string | null = null;
    setDeep({ state: "loading", part: null });
    loadOriginal(url, { signal: abort.signal, fresh: attempt > 0, onPart: (part) => { if (!abort.signal.aborted) setDeep({ state: "loading", part }); } }).then(
      (blob) => {
        if (abort.signal.aborted) return;
        src = URL.createObjectURL(blob);
        setDeep({ state: "ready", src });
      },
      (error: unknown) => { if (!abort.signal.aborted) setDeep({ state: "failed", lost: isLost(error) }); },
    );
    return () => {
      abort.abort();
      if (src) URL.revokeObjectURL(src);
    };
  }, [url, attempt]);
  return { deep, retry: () => setAttempt((n) => n + 1), fail: () => setDeep({ state: "failed", lost: false }) };
}
