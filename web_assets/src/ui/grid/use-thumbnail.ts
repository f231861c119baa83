/** Borrows a thumbnail while a component is on screen. */
import { useEffect, useState } from "preact/hooks";

import { useController } from "../context";
import type { RowInfo } from "../../engine/types";

export interface Thumbnail {
  url: string | null;
  failed: boolean;
  retry: () => void;
}

export function useThumbnail(source: RowInfo["thumbnail"]): Thumbnail {
  const { thumbnails } = useController();
  const [attempt, setAttempt] = useState(0);
  const [shown, setShown] = useState<{ url: string | null; failed: boolean }>({ url: null, failed: false });
  useEffect(() => {
    setShown((old) => (old.url || old.failed ? { url: null, failed: false } : old));
    if (!source) return;
    let current = true;
    const loan = thumbnails.borrow(source);
    loan.url.then(
      (url) => { if (current) setShown({ url, failed: false }); },
      () => { if (current) setShown({ url: null, failed: true }); },
    );
    return () => {
      current = false;
      loan.release();
    };
  }, [source?.url, source?.offset, attempt]);
  return { ...shown, retry: () => setAttempt((n) => n + 1) };
}
