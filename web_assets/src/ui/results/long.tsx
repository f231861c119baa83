/** The scrubber of a list that is long, whose script is loaded then. */
import type { JSX } from "preact";

import { Later, useLater } from "../parts/later";
import type { Scrub } from "./view";

/** A list this many screens long has a scrubber. */
const SCREENS = 40;

const scrubber = new Later(() => import("./scrubber"), "Scrubber");

/** Nothing for a short list, nor for a ranking whose end is not known yet. */
export function LongScrubber(props: Scrub): JSX.Element | null {
  return props.list.exhausted && props.total > SCREENS * innerHeight ? <Loaded {...props} /> : null;
}

/** Without its script there is the scroll bar. */
function Loaded(props: Scrub): JSX.Element | null {
  const { module } = useLater(scrubber);
  return module && <module.Scrubber {...props} />;
}
