/** Dates of EXIF, in which blanks and zeros stand for what is not known. */
import { dateSpan } from "../base/dates";

const EXIF = /^([0-9]{4})[-:/.](?: ?([0-9]{1,2})| {0,2})(?:[-:/.](?: ?([0-9]{1,2})| {0,2})(?:[T ] ?(.*))?)?$/;
const TIME = /^([0-9]{1,2}):(?:([0-9]{2})| *)(?::([0-9]{2}(?:\.[0-9]{1,9})?)?)?/;

/** A date of EXIF as documents have it (docs/FORMAT.md 2.2), without the unknown parts; null if it says none. */
export function exifDate(text: string): string | null {
  const match = EXIF.exec(text.replace(/\0.*$/s, "").trim().slice(0, 100));
  if (!match || match[1]! > LAST_YEAR) return null;
  const [month, day] = [Number(match[2] ?? 0), Number(match[3] ?? 0)];
  let found = match[1]!;
  if (month) {
    found += `-${two(month)}`;
    if (day) found += `-${two(day)}${timeOf(match[4] ?? "")}`;
  }
  // Programs write the first day of their calendar for "no date".
  return dateSpan(found) && !found.startsWith("0001-01-01") ? found : null;
}

const LAST_YEAR = "2200";

/** The known parts of a time; "" if it is blank or impossible. */
function timeOf(text: string): string {
  const match = TIME.exec(text.trim());
  if (!match || Number(match[1]) > 23 || Number(match[2] ?? 0) > 59) return "";
  let found = `T${two(Number(match[1]))}`;
  if (match[2]) {
    found += `:${match[2]}`;
    // A leap second belongs to the minute it ends.
    if (match[3] && Number(match[3]) < 61) found += `:${match[3].replace(/^60/, "59")}`;
  }
  return found;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
