/** Borrows a view while it is shown. */
import { useEffect, useState } from "preact/hooks";

import { useController } from "../context";
import { isLost } from "../picture-file";

export interface View {
  /** An object URL; null until the picture is here. */
  src: string | null;
  failed: boolean;
  /** It failed because nobody answers. */
  lost: boolean;
  retry: () => void;
}

/** @param url the address of a file of the site, or an object URL, which is used as it is */
export function useView(url: string | null): View {
  const { views } = useController();
  const [attempt, setAttempt] = useState(0);
  const [shown, setShown] = useState<{ of: string; src: string | null; failed: boolean; lost: boolean } | null>(null);
  const local = !url || views.plain || url.startsWith("blob:");
  useEffect(() => {
    if (!url || local) return;
    let src: string | null = null;
    let current = true;
    setShown(null);
    const loan = views.borrow(url);
    loan.blob.then((blob) => {
      if (!current) return;
      src = URL.createObjectURL(blob);
      setShown({ of: url, src, failed: false, lost: false });
    }, (error: unknown) => {
      if (current) setShown({ of: url, src: null, failed: true, lost: isLost(error) });
    });
    return () => {
      current = false;
      loan.release();
      if (src) URL.revokeObjectURL(src);
    };
  }, [url, attempt]);
  // What was loaded for another picture does not count, also before the effect has run.
  const now = shown?.of === url ? shown : null;
  const retry = (): void => {
    if (url && !local) views.distrust(url);
    setAttempt((n) => n + 1);
  };
  return { src: local ? url : now?.src ?? null, failed: now?.failed ?? false, lost: now?.lost ?? false, retry };
}
