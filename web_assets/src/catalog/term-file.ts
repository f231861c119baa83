/** Decoders of the files of full text (docs/FORMAT.md 2.8). */
import { FormatError, hex, readContainer, readVarints, section, type Container, type FileEntry } from "../format/index";

/** The files of a long list; null for an empty piece. */
export interface Pieces {
  /** A piece of `rows` and `sizes` has 2 to this power rows of the collection. */
  rowBits: number;
  /** The same for `places`. */
  placeBits: number;
  rows: (FileEntry | null)[];
  /** The tokens of each row of the list, and its best rows: only if the site is ranked by them. */
  sizes: (FileEntry | null)[];
  head: FileEntry | null;
  places: (FileEntry | null)[];
}

/** Records one after the other. */
export type Records = (place: number) => Uint8Array;

/** A range of terms. */
export interface TermFile {
  terms: string[];
  /** How many rows have each. */
  having: Uint32Array;
  /** Each term's list, if it is not a long one. */
  list: Records;
  /** The tokens of each row of the list; null if the site is not ranked by them. */
  sizes: Records | null;
  /** The long lists by the place of their term. */
  long: ReadonlyMap<number, Pieces>;
}

const MOST_BITS = 31;

/**
 * @param count rows of the collection
 * @param ranked whether the file has the tokens of rows as well
 * @throws FormatError
 */
export function readTermFile(bytes: Uint8Array, count: number, ranked: boolean): TermFile {
  const container = readContainer(bytes, "terms");
  const terms = texts(container);
  const having = readVarints(section(container, "having", ["u8"]), terms.length);
  if (container.header["count"] !== terms.length) throw new FormatError("A file of terms has other terms than it says.");
  if (having.some((some) => some < 1 || some > count)) throw new FormatError("A term has more rows than the collection, or none.");
  return {
    terms, having, list: records(container, "lists", terms.length), sizes: ranked ? records(container, "sizes", terms.length) : null,
    long: longLists(container, terms.length, count, ranked),
  };
}

/** What each of `files` files of terms begins with: the terms from it on belong into it. */
export function readFirstTerms(bytes: Uint8Array, files: number): string[] {
  const container = readContainer(bytes, "first-terms");
  const first = texts(container);
  // The first file begins with the empty text.
  if (!first.length) first.push("");
  if (first.length !== files || first[0] !== "") throw new FormatError("The first terms do not fit the files of terms.");
  return first;
}

/** The places of each of `count` terms. */
export function readPlaces(bytes: Uint8Array, count: number): Records {
  const container = readContainer(bytes, "places");
  if (container.header["count"] !== count) throw new FormatError("A file of places has other terms than it should.");
  return records(container, "places", count);
}

/** The content of a piece of a long list. */
export function readPiece(bytes: Uint8Array, kind: "term-rows" | "term-sizes" | "term-places"): Uint8Array {
  return section(readContainer(bytes, kind), "list", ["u8"]);
}

/** The list of the best rows, and their tokens as numbers. */
export function readHead(bytes: Uint8Array): { list: Uint8Array; sizes: Uint8Array } {
  const container = readContainer(bytes, "term-head");
  return { list: section(container, "list", ["u8"]), sizes: section(container, "sizes", ["u8"]) };
}

/** The tokens of the `count` rows from `first` on. */
export function readLengths(bytes: Uint8Array, first: number, count: number): Uint32Array {
  const container = readContainer(bytes, "lengths");
  if (container.header["first"] !== first) throw new FormatError("A file of lengths is not the block it should be.");
  return readVarints(section(container, "tokens", ["u8"]), count);
}

/** The order of two terms as UTF-8: that of their code points. */
export function compareTerms(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Halves of pairs stand for code points above all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

/** How many of the rising terms are before `term`. */
export function placeOf(terms: readonly string[], term: string): number {
  let [low, high] = [0, terms.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareTerms(terms[middle]!, term) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Terms in rising order. */
function texts(container: Container): string[] {
  const bytes = section(container, "text", ["u8"]);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError("A term of full text is not UTF-8.", { cause });
  }
  const found = bytes.length ? text.split("\n") : [];
  if (found.some((term, i) => i > 0 && compareTerms(found[i - 1]!, term) >= 0)) throw new FormatError("The terms of a file are not in their order.");
  return found;
}

function records(container: Container, name: string, count: number): Records {
  const bytes = section(container, name, ["u8"]);
  const sizes = readVarints(section(container, `${name}_bytes`, ["u8"]), count);
  const ends = new Float64Array(count + 1);
  sizes.forEach((size, i) => { ends[i + 1] = ends[i]! + size; });
  if (ends[count] !== bytes.length) throw new FormatError("The records of a file have other sizes than the file.");
  return (place) => bytes.subarray(ends[place], ends[place + 1]);
}

function longLists(container: Container, terms: number, count: number, ranked: boolean): Map<number, Pieces> {
  const found = new Map<number, Pieces>();
  if (!container.sections.has("long")) return found;
  const places = section(container, "long", ["u32"]);
  const [rowBits, placeBits] = ["row_bits", "place_bits"].map((name) => section(container, name, ["u8"], places.length)) as [Uint8Array, Uint8Array];
  const sizes = section(container, "bytes", ["u32"]);
  const rawSizes = section(container, "raw_bytes", ["u32"], sizes.length);
  const hashes = section(container, "sha256", ["u8"], 32 * sizes.length);
  const entry = (i: number): FileEntry | null => {
    if (!sizes[i]) return null;
    const sha256 = hex(hashes.subarray(32 * i, 32 * i + 32));
    return { path: `data/postings.${sha256.slice(0, 16)}.bin`, bytes: sizes[i], raw_bytes: rawSizes[i]!, sha256 };
  };
  let at = 0;
  const take = (files: number) => {
    if (at + files > sizes.length) throw new FormatError("A file of terms names too few pieces.");
    return Array.from({ length: files }, () => entry(at++));
  };
  places.forEach((place, i) => {
    const bits = [rowBits[i]!, placeBits[i]!] as const;
    if (place >= terms || Math.max(...bits) > MOST_BITS) throw new FormatError("The long lists of a file are not valid.");
    const [rows, within] = bits.map((some) => Math.ceil(count / 2 ** some)) as [number, number];
    found.set(place, {
      rowBits: bits[0], placeBits: bits[1], rows: take(rows), sizes: take(ranked ? rows : 0), head: ranked ? take(1)[0]! : null, places: take(within),
    });
  });
  if (at !== sizes.length || found.size !== places.length) throw new FormatError("The long lists of a file are not valid.");
  return found;
}
