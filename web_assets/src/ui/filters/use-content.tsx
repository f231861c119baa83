/** Loads the content of a filter when the `<details>` around it is first opened. */
import type { JSX, RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { useController } from "../context";
import { Retry } from "../parts/retry";
import type { Collection } from "../../api/types";

export interface Content<Value> {
  /** Ref for the element inside the `<details>`. */
  ref: RefObject<HTMLDivElement | null>;
  /** Undefined until it is loaded; while it is loaded again, the previous content. */
  value: Value | undefined;
  /** If it could not be loaded: why, and how to try again. */
  failure: JSX.Element | null;
}

/**
 * Loads again when one of `inputs` changes; results of earlier ones are dropped.
 * @param inside an element inside the `<details>`, if there is one already
 */
export function useContent<Value>(
  load: (collection: Collection) => Promise<Value>, inputs: readonly unknown[], inside?: RefObject<HTMLDivElement | null>,
): Content<Value> {
  const { collection } = useController();
  const own = useRef<HTMLDivElement>(null);
  const ref = inside ?? own;
  const opened = useOpened(ref);
  const [value, setValue] = useState<Value>();
  const [message, setMessage] = useState<string | null>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    if (!opened || !collection) return;
    let current = true;
    setMessage(null);
    load(collection).then(
      (found) => { if (current) setValue(() => found); },
      (error: unknown) => { if (current) setMessage(error instanceof Error ? error.message : "This could not be loaded."); },
    );
    return () => { current = false; };
  }, [opened, attempt, ...inputs]);
  const failure = message === null ? null : (
    <p class="facet-failed" role="alert">{message}{" "}
      <Retry class="small" onClick={() => setAttempt((n) => n + 1)} />
    </p>
  );
  return { ref, value, failure };
}

function useOpened(inside: RefObject<HTMLElement | null>): boolean {
  const [opened, setOpened] = useState(false);
  useEffect(() => {
    const group = inside.current?.closest("details");
    if (!group) return;
    const look = (): void => { if (group.open) setOpened(true); };
    look();
    group.addEventListener("toggle", look);
    return () => group.removeEventListener("toggle", look);
  }, []);
  return opened;
}
