/** Hooks that follow the pictures added on this device. */
import { useEffect, useLayoutEffect, useState } from "preact/hooks";

import type { AdditionSummary } from "../../api/additions";
import { useController } from "../context";
import type { AddingState } from "./adding";

export function useAdding(): AddingState {
  const { adding } = useController();
  const [state, set] = useState(adding.state);
  useLayoutEffect(() => {
    set(adding.state);
    return adding.subscribe(() => set(adding.state));
  }, [adding]);
  return state;
}

/** The addition of an image id; null if it is not an addition. */
export function useAddition(id: string | null): AdditionSummary | null {
  const { additions } = useAdding();
  return additions?.list.find((one) => one.id === id) ?? null;
}

/** An object URL of the file as it was added, valid while it is shown. */
export function useOriginal(id: string | null): string | null {
  const { adding } = useController();
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    setUrl(null);
    if (!id) return;
    let made: string | null = null;
    let current = true;
    adding.original(id).then((file) => {
      if (!current) return;
      made = URL.createObjectURL(file);
      setUrl(made);
    }, () => undefined);
    return () => {
      current = false;
      if (made) URL.revokeObjectURL(made);
    };
  }, [id, adding]);
  return url;
}
