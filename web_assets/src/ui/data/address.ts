/**
 * What the Data page shows, as the text of a link and back, and whether there is such a thing. Pure.
 *
 * Keys: `data` (empty, `sample`, `page`, `batches` or `tag`), then those of the kind: `seed`, `size`, `number` (of a page, from 1),
 * `validation` and `test` (per cent), `part`, `n` (of a batch, from 0), `name` (of a tag), and `of`: the first digits of the hash of the
 * collection that the link was made for. `id`, as printed by `imagedb-site data batches`, stands for the definition of batches.
 */
import { DEFAULTS, invalid, type Definition } from "../../base/definition";

export type Kind = "overview" | "sample" | "page" | "batches" | "tag";
export type Split = "train" | "validation" | "test";
export type Key = "seed" | "size" | "number" | "validation" | "test" | "part" | "n" | "name" | "id";

/** A link as it is written: nothing is checked yet, so that a mistake can be shown and corrected. */
export interface Address {
  kind: Kind;
  values: Record<Key, string>;
  /** The collection that the link was made for; null if it does not say. */
  of: string | null;
}

/** Why there is nothing to show, and which value is to blame. */
export interface Fault {
  fault: string;
  key: Key;
  /** The nearest value that there is. */
  instead?: string;
}

export type Checked<T> = T | Fault;

export const SPLITS: readonly Split[] = ["train", "validation", "test"];
/** The largest sample and page: as many as the HTTP API gives. */
export const MOST = 1000;
const GREATEST_SEED = 2 ** 32 - 1;
const HASH_DIGITS = 12;
const KINDS: readonly Kind[] = ["sample", "page", "batches", "tag"];
const KEYS: Record<Kind, readonly Key[]> = {
  overview: [], sample: ["size", "seed"], page: ["size", "number"],
  batches: ["size", "validation", "test", "seed", "part", "n"], tag: ["name"],
};
const START: Record<Key, string> = {
  seed: "0", size: "24", number: "1", validation: String(DEFAULTS.validation), test: String(DEFAULTS.test), part: "train", n: "0", name: "", id: "",
};
const ID = /^([0-9a-f]{12})-([0-9]{1,10})-([0-9.]{1,10})-([0-9.]{1,10})-([0-9]{1,12})$/;

function startOf(kind: Kind): Record<Key, string> {
  return { ...START, ...(kind === "batches" ? { size: String(DEFAULTS.size) } : kind === "page" ? { size: "100" } : {}) };
}

/** Reads a link. An unknown kind is the overview. */
export function parseAddress(text: string): Address {
  const parameters = new URLSearchParams(text);
  const kind = KINDS.find((one) => one === parameters.get("data")) ?? "overview";
  const values = startOf(kind);
  for (const key of [...KEYS[kind], "id"] as Key[]) values[key] = (parameters.get(key) ?? values[key]).trim().slice(0, 200);
  let of = parameters.get("of");
  const named = kind === "batches" ? ID.exec(values.id) : null;
  if (named) {
    [of, values.size, values.validation, values.test, values.seed] = named.slice(1) as [string, string, string, string, string];
    values.id = "";
  }
  return { kind, values, of: of !== null && /^[0-9a-f]{12}$/.test(of) ? of : null };
}

/** The text of a link, for `View.data`. Everything that decides what is shown is in it. */
export function formatAddress(kind: Kind, values: Partial<Record<Key, string>>, hash: string): string {
  const parameters = new URLSearchParams({ data: kind === "overview" ? "" : kind });
  const all = { ...startOf(kind), ...values };
  for (const key of KEYS[kind]) parameters.set(key, all[key]);
  if (kind !== "overview" && kind !== "tag") parameters.set("of", hash.slice(0, HASH_DIGITS));
  return parameters.toString();
}

export function isFault(checked: object): checked is Fault {
  return "fault" in checked;
}

/** A whole number as people write it; null if it is none. */
function whole(text: string): number | null {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : null;
}

function sizeOf(text: string, what: string): Checked<{ size: number }> {
  const size = whole(text);
  return size !== null && size >= 1 && size <= MOST ? { size }
    : { key: "size", fault: `The size of a ${what} must be a whole number from 1 to ${String(MOST)}.`, instead: size === null || size < 1 ? "1" : String(MOST) };
}

export function sampleOf({ size, seed }: Address["values"]): Checked<{ size: number; seed: number }> {
  const sized = sizeOf(size, "sample");
  if (isFault(sized)) return sized;
  const number = whole(seed);
  if (number === null || number > GREATEST_SEED) return { key: "seed", fault: `A seed is a whole number from 0 to ${String(GREATEST_SEED)}.` };
  return { ...sized, seed: number };
}

/** @param count images of the collection */
export function pageOf({ size, number }: Address["values"], count: number): Checked<{ size: number; number: number; pages: number }> {
  const sized = sizeOf(size, "page");
  if (isFault(sized)) return sized;
  const pages = Math.ceil(count / sized.size);
  const wanted = whole(number);
  if (wanted === null || wanted < 1 || wanted > pages) {
    return pages
      ? { key: "number", fault: `There is no page ${number}: the pages are 1 to ${String(pages)}.`, instead: wanted !== null && wanted > pages ? String(pages) : "1" }
      : { key: "number", fault: "There are no pages, because the collection is empty." };
  }
  return { size: sized.size, number: wanted, pages };
}

export function batchesOf({ size, validation, test, seed, id }: Address["values"]): Checked<Definition> {
  if (id) return { key: "id", fault: `“${id.slice(0, 80)}” is not an id of batches. An id looks like 0123456789ab-64-10-10-0.` };
  const share = (text: string): number => (/^[0-9]{1,3}(\.[0-9]+)?$/.test(text) ? Number(text) : NaN);
  const definition = { size: whole(size) ?? NaN, validation: share(validation), test: share(test), seed: whole(seed) ?? NaN };
  const fault = invalid(definition);
  if (fault === null) return definition;
  const key = invalid({ ...DEFAULTS, size: definition.size }) ? "size"
    : invalid({ ...DEFAULTS, test: 0, validation: definition.validation }) ? "validation"
      : invalid({ ...DEFAULTS, validation: 0, test: definition.test }) ? "test" : invalid({ ...DEFAULTS, seed: definition.seed }) ? "seed" : "validation";
  return { key, fault };
}

export function splitOf({ part }: Address["values"]): Checked<{ part: Split }> {
  const found = SPLITS.find((one) => one === part);
  return found ? { part: found } : { key: "part", fault: `There is no part “${part}”: the parts are train, validation and test.`, instead: "train" };
}

/** @param count batches of the part */
export function batchOf({ n }: Address["values"], part: Split, count: number): Checked<{ n: number }> {
  const wanted = whole(n);
  if (wanted !== null && wanted < count) return { n: wanted };
  return count
    ? { key: "n", fault: `There is no ${part} batch ${n}: the numbers are 0 to ${String(count - 1)}.`, instead: wanted === null ? "0" : String(count - 1) }
    : { key: "n", fault: `The part ${part} is empty, so it has no batches.` };
}
