/** The link to an original: a file of the site is checked before it is saved; another address opens in a new tab. */
import type { JSX, TargetedMouseEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { DownloadIcon, RetryIcon } from "../parts/icons";
import { loadPicture } from "../picture-file";

/** Milliseconds for which the browser may still read what is saved. */
const SAVED_WITHIN_MS = 60_000;

interface Props {
  href: string;
  /** Whether it is a file of the site. */
  own: boolean;
}

export function Original({ href, own }: Props): JSX.Element {
  const [state, setState] = useState<"idle" | "loading" | "failed">("idle");
  const loading = useRef<AbortController | null>(null);
  useEffect(() => {
    setState("idle");
    return () => loading.current?.abort();
  }, [href]);

  const save = async (fresh: boolean): Promise<void> => {
    const controller = new AbortController();
    loading.current = controller;
    setState("loading");
    try {
      const blob = await loadPicture(href, { fetch: (...args) => fetch(...args), signal: controller.signal, fresh });
      offer(blob, decodeURIComponent(new URL(href).pathname.split("/").pop() ?? ""));
      setState("idle");
    } catch {
      if (!controller.signal.aborted) setState("failed");
    }
  };
  const click = (event: TargetedMouseEvent<HTMLAnchorElement>): void => {
    if (!own || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    if (state !== "loading") void save(false);
  };
  return (
    <>
      <a class="button" href={href} target="_blank" rel="noopener noreferrer" aria-busy={state === "loading"} onClick={click} {...(own ? { download: "" } : {})}>
        {state === "loading" ? <span class="spinner" aria-hidden="true" /> : <DownloadIcon />}Original
      </a>
      {state === "failed" && (
        <span class="message bad" role="alert">The original could not be loaded, or arrived damaged.{" "}
          <button type="button" class="button small" onClick={() => void save(true)}><RetryIcon />Retry</button>
        </span>
      )}
    </>
  );
}

/** Let the browser save a file. */
function offer(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => { URL.revokeObjectURL(url); }, SAVED_WITHIN_MS);
}
