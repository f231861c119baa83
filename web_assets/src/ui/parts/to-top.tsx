/** Leads from far down a long page back to its top. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { TopIcon } from "./icons";

/** After this many screens it is shown. */
const FAR = 3;

export function ToTop(): JSX.Element | null {
  const [far, setFar] = useState(false);
  useEffect(() => {
    const look = (): void => setFar(scrollY > FAR * innerHeight);
    addEventListener("scroll", look, { passive: true });
    return () => removeEventListener("scroll", look);
  }, []);
  return far ? <TopButton /> : null;
}

export function TopButton(): JSX.Element {
  const go = (): void => {
    scrollTo({ top: 0, behavior: "instant" });
    // This button goes away, and with it the focus.
    document.getElementById("main")?.focus({ preventScroll: true });
  };
  return <button type="button" class="icon-button to-top" aria-label="Back to top" title="Back to top" onClick={go}><TopIcon /></button>;
}
