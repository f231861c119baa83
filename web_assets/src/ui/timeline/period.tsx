/** The heading above the results of a month, a year or a decade. */
import type { JSX } from "preact";

import { count } from "../wording";
import type { Period as Named } from "./dated";

interface Props {
  period: Named;
  left: number;
  top: number;
  width: number;
  height: number;
}

export function Period({ period, left, top, width, height }: Props): JSX.Element {
  return (
    <li class="period" style={{ transform: `translate(${left.toFixed(2)}px, ${top.toFixed(2)}px)`, width: `${width.toFixed(2)}px`, height: `${String(height)}px` }}>
      <h2>{period.title}</h2><span class="faint">{count(period.count)}</span>
    </li>
  );
}
