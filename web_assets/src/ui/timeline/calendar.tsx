/** The calendar of a list by date: a year, its months, the days of a month. Leads to a place of the list, or shows one part of it alone. */
import type { JSX, TargetedKeyboardEvent } from "preact";
import { useMemo, useState } from "preact/hooks";

import { own } from "../../base/own";
import { useController, useStore } from "../context";
import { nounOf } from "../layout";
import { LeftIcon, RightIcon } from "../parts/icons";
import { Modal } from "../parts/modal";
import { adopt } from "../parts/sheet";
import { withFilter } from "../state/view";
import { count, counted, date, type Noun } from "../wording";
import { dateText, shapeOf, yearsOf, type Counted } from "./calendar-days";
import sheet from "./calendar.css?inline";
import type { Dated } from "./dated";

const named = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(undefined, { ...options, timeZone: "UTC" });
const months = named({ month: "short" });
const weekdays = named({ weekday: "narrow" });
/** A Monday. */
const MONDAY = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;

interface Props {
  dated: Dated;
  /** The field of the dates. */
  field: string;
  onClose: () => void;
}

export function Calendar({ dated, field, onClose }: Props): JSX.Element {
  adopt(sheet);
  const controller = useController();
  const view = useStore((state) => state.view);
  const noun = useStore((state) => nounOf(state.manifest));
  const years = useMemo(() => yearsOf(dated.timeline), [dated]);
  const [place, setPlace] = useState(() => placeOf(years, controller.results.place()?.anchor.index ?? 0));
  const [chosen, setChosen] = useState<{ month: number | null; day: number | null }>({ month: null, day: null });
  const year = years[place]!;
  const month = chosen.month === null ? null : year.months[chosen.month] ?? null;
  const day = chosen.day === null ? null : month?.days.get(chosen.day) ?? null;
  const part: Counted = day ?? month ?? year;
  const text = dateText(year.year, month ? chosen.month! : undefined, day ? chosen.day! : undefined);
  const filtered = view.filters.some((filter) => filter.field === field);

  const turn = (to: number): void => {
    setPlace(to);
    setChosen({ month: null, day: null });
  };
  const only = (): void => {
    onClose();
    controller.go({ ...withFilter(withFilter(view, field, "range", null), field, "any", { field, kind: "any", values: [text] }), image: null });
  };
  return (
    <Modal label="Calendar" class="calendar" heading onClose={onClose}>
      <div class="calendar-body">
        <div class="calendar-year">
          <button type="button" class="icon-button" aria-label="Earlier year" disabled={place === years.length - 1} onClick={() => turn(place + 1)}><LeftIcon /></button>
          <select aria-label="Year" value={String(place)} onChange={(event) => turn(Number(event.currentTarget.value))}>
            {years.map((other, i) => <option key={other.year} value={String(i)}>{date(dateText(other.year))} ({count(other.count)})</option>)}
          </select>
          <button type="button" class="icon-button" aria-label="Later year" disabled={place === 0} onClick={() => turn(place - 1)}><RightIcon /></button>
        </div>
        <div class="calendar-months" role="group" aria-label={`Months of ${date(dateText(year.year))}`} onKeyDown={(event) => stepped(event, 4)}>
          {year.months.map((one, i) => (
            <button key={i} type="button" aria-pressed={one !== null && chosen.month === i} disabled={!one}
              onClick={() => setChosen({ month: chosen.month === i ? null : i, day: null })}>
              <Part shown={months.format(Date.UTC(2024, i, 1))} of={date(dateText(year.year))} number={one?.count ?? 0} noun={noun} />
            </button>
          ))}
        </div>
        {month && <Days year={year.year} month={chosen.month!} days={month.days} chosen={chosen.day} noun={noun}
          onChoose={(one) => setChosen({ month: chosen.month, day: chosen.day === one ? null : one })} />}
        {month === null && years[place]!.months.every((one) => one === null) && <p class="faint">These dates say only the year.</p>}
      </div>
      <footer class="calendar-foot">
        <p role="status">{date(text)}: {counted(part.count, noun)}</p>
        {filtered && (
          <button type="button" class="button quiet" onClick={() => {
            onClose();
            controller.go({ ...view, filters: view.filters.filter((filter) => filter.field !== field), image: null });
          }}>All dates</button>
        )}
        <button type="button" class="button" onClick={only}>Show only these</button>
        <button type="button" class="button solid" onClick={() => {
          onClose();
          // The dialog returns the focus when it closes.
          setTimeout(() => controller.results.show?.(part.first), 0);
        }}>Go there</button>
      </footer>
    </Modal>
  );
}

/** What a button shows, and the rest of its name: "Jul 2024, 31 pictures". */
function Part({ shown, of, number, noun }: { shown: string; of: string; number: number; noun: Noun }): JSX.Element {
  const [digits, word] = counted(number, noun).split(" ");
  return (
    <>
      <span>{shown}<span class="visually-hidden"> {of}, </span></span>
      <span class={number ? "faint" : "visually-hidden"}>{digits}<span class="visually-hidden"> {word}</span></span>
    </>
  );
}

interface DaysProps {
  year: number;
  month: number;
  days: ReadonlyMap<number, Counted>;
  chosen: number | null;
  noun: Noun;
  onChoose: (day: number) => void;
}

/** The days of a month, in weeks that begin on Monday. */
function Days({ year, month, days, chosen, noun, onChoose }: DaysProps): JSX.Element {
  const { days: length, begins } = shapeOf(year, month);
  return (
    <div class="calendar-days" role="group" aria-label={`Days of ${date(dateText(year, month))}`} onKeyDown={(event) => stepped(event, 7)}>
      {Array.from({ length: 7 }, (_, i) => <span key={`day ${String(i)}`} class="faint" aria-hidden="true">{weekdays.format(MONDAY + i * DAY_MS)}</span>)}
      {Array.from({ length }, (_, i) => {
        const one = days.get(i + 1);
        return (
          <button key={i} type="button" aria-pressed={one !== undefined && chosen === i + 1} disabled={!one} style={i ? {} : { gridColumnStart: begins + 1 }}
            onClick={() => onChoose(i + 1)}>
            <Part shown={String(i + 1)} of={date(dateText(year, month))} number={one?.count ?? 0} noun={noun} />
          </button>
        );
      })}
    </div>
  );
}

/** The year of the result at a place of the list. */
function placeOf(years: readonly Counted[], index: number): number {
  const before = years.map(({ first }, place) => ({ first, place })).filter(({ first }) => first <= index).sort((one, other) => other.first - one.first);
  return before[0]?.place ?? 0;
}

/** Arrow keys lead to the next button that can be used. */
function stepped(event: TargetedKeyboardEvent<HTMLElement>, columns: number): void {
  const by = own({ ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns } as Record<string, number>, event.key);
  if (by === undefined) return;
  event.preventDefault();
  const buttons = [...event.currentTarget.querySelectorAll("button")];
  let at = buttons.indexOf(document.activeElement as HTMLButtonElement) + by;
  while (buttons[at]?.disabled) at += Math.sign(by);
  buttons[at]?.focus();
}
