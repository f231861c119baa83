/** The way to the Data page, which few visitors need: its part of the program is loaded when it is opened. */
import type { JSX } from "preact";

import { Later, useLater } from "./parts/later";

const page = new Later(() => import("./data/data"), "Data");
/** Replaces damaged copies of the program in caches; absent in a page that another program wrote, or that was opened from the disk. */
const boot = (globalThis as { imagedbBoot?: { repair(): Promise<unknown> } }).imagedbBoot;

export function DataPage(): JSX.Element {
  const { module, failure } = useLater(page);
  if (module) return <module.Data />;
  if (failure === null) return <p class="data-opening" role="status">Loading…</p>;
  // A browser does not ask again for a script that was damaged before the page is loaded again.
  const again = (): void => void Promise.resolve(boot?.repair()).then(() => location.reload());
  return (
    <div class="failed" role="alert">
      <h1>The Data page could not be loaded</h1>
      <button type="button" class="button solid" onClick={again}>Retry</button>
    </div>
  );
}
