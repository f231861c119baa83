/** Loads what is shown of a record: its document, and the words of the search in it. */
import { useEffect, useState } from "preact/hooks";

import { messageOf } from "../../../base/errors";
import { useController } from "../../context";
import type { Highlight, ImageDocument } from "../../../engine/types";

/** A record is loaded once it has been on screen for this long (ms), so that fast scrolling loads few. */
const LINGER_MS = 70;
const NONE: Highlight[] = [];

export interface LoadedRecord {
  document: ImageDocument | null;
  highlights: Highlight[];
  failure: string | null;
  retry: () => void;
}

interface Found {
  row: number;
  text: string;
  document: ImageDocument;
  highlights: Highlight[];
}

/** @param text of the search; empty if no words are to be marked */
export function useRecord(row: number, text: string): LoadedRecord {
  const controller = useController();
  const [attempt, setAttempt] = useState(0);
  const [found, setFound] = useState<Found | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    let current = true;
    setFailure(null);
    const load = async (): Promise<void> => {
      const [document, highlights] = await Promise.all([
        controller.document(row),
        // Without marks a record is still readable.
        text && controller.collection ? controller.collection.highlight(row, text).catch(() => NONE) : NONE,
      ]);
      if (current) setFound({ row, text, document, highlights });
    };
    const timer = setTimeout(() => {
      load().catch((error: unknown) => { if (current) setFailure(messageOf(error)); });
    }, controller.documents.now(row) ? 0 : LINGER_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [row, text, attempt]);
  const known = found?.row === row ? found : null;
  return {
    document: known?.document ?? controller.documents.now(row),
    highlights: known?.text === text ? known.highlights : NONE,
    failure, retry: () => setAttempt((n) => n + 1),
  };
}
