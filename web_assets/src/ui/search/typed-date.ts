/** A year, a month or a day that is typed alone, as a suggestion to look for the pictures of that time. Pure. */
import { dateSpan } from "../../base/dates";
import type { FieldDefinition, Suggestion } from "../../engine/types";
import { date } from "../wording";

let known: readonly ReadonlySet<string>[] | undefined;

/** The names of months in English and in the reader's language, as they are compared. Made once a month may have been typed. */
function months(): readonly ReadonlySet<string>[] {
  if (known) return known;
  const formats = ["en", undefined].flatMap((language) => (["long", "short"] as const).map((month) => new Intl.DateTimeFormat(language, { month, timeZone: "UTC" })));
  known = Array.from({ length: 12 }, (_, month) => new Set(formats.map((format) => plain(format.format(Date.UTC(2024, month, 1))))));
  return known;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

/** The date that a text says, as documents have it; null if it says none. */
export function typedDate(text: string): string | null {
  const typed = text.trim();
  const named = /^(?:([0-9]{1,2})\.? )?(\p{L}{3,}\.?) ([0-9]{4})$/u.exec(typed);
  const month = named ? months().findIndex((names) => names.has(plain(named[2]!))) + 1 : 0;
  const two = (value: string | number): string => String(value).padStart(2, "0");
  const said = named ? (month ? `${named[3]!}-${two(month)}${named[1] ? `-${two(named[1])}` : ""}` : "") : typed;
  return /^[0-9]{4}(-[0-9]{2}){0,2}$/.test(said) && dateSpan(said) ? said : null;
}

/** Null if the text is not a date, or if the collection has none. The field of the default order is preferred. */
export function dateSuggestion(text: string, fields: readonly FieldDefinition[]): Suggestion | null {
  const said = typedDate(text);
  const dates = fields.filter(({ type, column }) => type === "date" && column);
  const field = dates.find(({ name }) => name === "taken") ?? dates[0];
  return said && field ? { kind: "value", text: `${field.name}:${said}`, shown: date(said), field: field.label } : null;
}
