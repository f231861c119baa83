/** Borrows a thumbnail while a component is on screen. */
import { useEffect, useState } from "preact/hooks";

import { useController } from "../context";
import type { RowInfo } from "../../engine/types";

export interface Thumbnail {
  url: string | null;
  failed: boolean;
  retry: () => void;
}

interface Shown {
  url: string | null;
  failed: boolean;
}

export function useThumbnail(source: RowInfo["thumbnail"]): Thumbnail {
  const { thumbnails } = useController();
  const [attempt, setAttempt] = useState(0);
  const [shown, setShown] = useState<Shown>(() => ({ url: source && thumbnails.at(source), failed: false }));
  useEffect(() => {
    const show = (url: string | null, failed = false): void => {
      setShown((old) => (old.url === url && old.failed === failed ? old : { url, failed }));
    };
    show(source && thumbnails.at(source));
    if (!source) return;
    let current = true;
    const loan = thumbnails.borrow(source);
    loan.url.then(
      (url) => { if (current) show(url); },
      () => { if (current) show(null, true); },
    );
    return () => {
      current = false;
      loan.release();
    };
  }, [source?.url, source?.offset, attempt]);
  const retry = (): void => {
    if (source) thumbnails.distrust(source);
    setAttempt((n) => n + 1);
  };
  return { ...shown, retry };
}
