/** The scrubber of a list that is long, or ordered by date. Its script is loaded then. */
import type { JSX } from "preact";

import { Later, useLater } from "../parts/later";
import { screenHeight } from "../screen";
import type { Dated } from "../timeline/dated";
import { useDated } from "../timeline/use-dated";
import type { Scrub } from "./view";

/** A list this many screens long has a scrubber; one by date has it earlier, because months are what people look for. */
const [SCREENS, SCREENS_DATED] = [40, 3];

const scrubber = new Later(() => import("./scrubber"), "Scrubber");

/** Nothing for a short list, nor for a ranking whose end is not known yet. */
export function LongScrubber(props: Scrub): JSX.Element | null {
  const dated = useDated() ?? null;
  const screens = props.total / screenHeight();
  return props.list.exhausted && screens > (dated ? SCREENS_DATED : SCREENS) ? <Loaded {...props} dated={dated} /> : null;
}

/** Without its script there is the scroll bar. */
function Loaded(props: Scrub & { dated: Dated | null }): JSX.Element | null {
  const { module } = useLater(scrubber);
  return module && <module.Scrubber {...props} />;
}
