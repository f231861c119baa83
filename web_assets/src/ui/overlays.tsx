/** What lies above the page: the open picture, the dialogs about the collection, and that for adding pictures. One script, loaded after the first pictures. */
import type { JSX } from "preact";

import { AddPanel } from "./additions/panel";
import { beside, Detail } from "./detail/detail";
import { Dialogs } from "./parts/about";

// An open picture needs these tools at once, also if the network is gone by then.
beside.prefetch();

export function Overlays(): JSX.Element {
  return <><Detail /><Dialogs /><AddPanel /></>;
}
