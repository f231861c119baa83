/** Opens the calendar of a list by date, whose script is loaded then. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { useController, useStore } from "../context";
import { icon } from "../parts/icons";
import { Later } from "../parts/later";
import { dateOrder, useDated } from "./use-dated";

const calendar = new Later(() => import("./calendar"), "Calendar");
const CalendarIcon = icon(<><rect x="4" y="5.5" width="16" height="14.5" rx="2.5" /><path d="M4 10h16M8.5 3.5v4M15.5 3.5v4" /></>);

/** Nothing for a list in another order. Its place is kept until the dates are known. */
export function CalendarButton(): JSX.Element | null {
  const controller = useController();
  const field = useStore((state) => dateOrder(state.view, state.manifest));
  const dated = useDated();
  const [open, setOpen] = useState(false);
  if (!field || dated === null) return null;
  const show = (): void => {
    calendar.load().then(() => setOpen(true), (error: unknown) => controller.say(error instanceof Error ? error.message : "The calendar could not be loaded."));
  };
  return (
    <>
      <button type="button" class="button quiet calendar-button" title="Calendar" aria-haspopup="dialog" disabled={!dated} onPointerEnter={() => calendar.prefetch()} onClick={show}>
        <CalendarIcon /><span class="visually-hidden">Calendar</span>
      </button>
      {open && dated && calendar.now && <calendar.now.Calendar dated={dated} field={field} onClose={() => setOpen(false)} />}
    </>
  );
}
