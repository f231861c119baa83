/** A line above the pictures of the start page that leads to those of earlier years on this day. */
import type { JSX } from "preact";

import { useController } from "../context";
import { formatView, HOME, type View } from "../state/view";
import { date } from "../wording";
import { TAKEN } from "./use-dated";

/** The height of the line. */
export const LINE = 52;
/** Links have no more values than this. */
const MOST = 60;
/** So many years are named. */
const NAMED = 4;

/** @param days of earlier years, the latest first */
export function ThisDay({ days, shift }: { days: readonly string[]; shift: number }): JSX.Element {
  const controller = useController();
  const view: View = { ...HOME, filters: [{ field: TAKEN, kind: "any", values: days.slice(0, MOST) }] };
  const years = days.slice(0, NAMED).map((day) => date(day.slice(0, 4))).join(", ");
  return (
    <li class="this-day" style={{ transform: `translateY(${String(-shift)}px)`, height: `${String(LINE)}px` }}>
      <a class="chip" href={formatView(view)} onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        controller.go(view);
      }}>On this day: {years}{days.length > NAMED ? " …" : ""}</a>
    </li>
  );
}
