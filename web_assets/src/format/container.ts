/** The binary container of docs/FORMAT.md 1.3: a JSON header followed by named arrays. */
import { own } from "../base/own";
import { FormatError } from "./errors";
import { brief } from "./json";

export type Section =
  | Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array;

export interface Container {
  /** The whole header, with `kind` and `sections`. */
  header: Record<string, unknown>;
  sections: Map<string, Section>;
}

const ALIGNMENT = 16;
const MAGIC = 0x31424449; // "IDB1", little-endian

const DTYPES = {
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;

export type Dtype = keyof typeof DTYPES;

interface Arrays {
  i8: Int8Array;
  u8: Uint8Array;
  i16: Int16Array;
  u16: Uint16Array;
  i32: Int32Array;
  u32: Uint32Array;
  f32: Float32Array;
  f64: Float64Array;
}

/** Whether bytes start like a container. */
export function isContainer(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true) === MAGIC;
}

/**
 * Decode a container of the given kind. Sections are views into `bytes`, or into a copy of it if it does not start on
 * a multiple of 8. Makes every check of section 1.3; a violation throws FormatError.
 */
export function readContainer(bytes: Uint8Array, kind: string): Container {
  const data = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  if (!isContainer(data)) {
    throw new FormatError(`A ${kind} file does not start with the container's magic “IDB1”.`);
  }
  const start = 8 + new DataView(data.buffer, data.byteOffset, data.byteLength).getUint32(4, true);
  if (start > data.length) throw new FormatError(`The header of a ${kind} file ends outside the file.`);
  if (start % ALIGNMENT) throw new FormatError(`The payload of a ${kind} file does not start on a multiple of 16.`);
  const header = parseHeader(data.subarray(8, start), kind);
  const sections = new Map<string, Section>();
  const spans: { from: number; to: number; name: string }[] = [];
  for (const [name, value] of Object.entries(header["sections"] as object)) {
    const { dtype, offset, length } = parseSection(name, value);
    const array = DTYPES[dtype];
    const to = offset + length * array.BYTES_PER_ELEMENT;
    if (to > data.length - start) throw new FormatError(`Section “${name}” of a ${kind} file ends outside the file.`);
    if (length) spans.push({ from: offset, to, name });
    sections.set(name, new array(data.buffer as ArrayBuffer, data.byteOffset + start + offset, length));
  }
  spans.sort((a, b) => a.from - b.from || a.to - b.to);
  for (let i = 1; i < spans.length; i++) {
    if (spans[i]!.from < spans[i - 1]!.to) {
      throw new FormatError(`Sections “${spans[i - 1]!.name}” and “${spans[i]!.name}” of a ${kind} file overlap.`);
    }
  }
  return { header, sections };
}

/** The section `name` as an array of one of the given dtypes, of exactly `length` elements if that is given. */
export function section<T extends Dtype>(
  container: Container, name: string, dtypes: readonly T[], length?: number,
): Arrays[T] {
  const found = container.sections.get(name);
  const kind = brief(container.header["kind"]);
  if (!found) throw new FormatError(`A ${kind} file has no section “${name}”.`);
  if (!dtypes.some((dtype) => found instanceof DTYPES[dtype])) {
    throw new FormatError(`Section “${name}” of a ${kind} file has another dtype than ${dtypes.join(", ")}.`);
  }
  if (length !== undefined && found.length !== length) {
    throw new FormatError(`Section “${name}” of a ${kind} file has ${found.length} elements instead of ${length}.`);
  }
  return found as Arrays[T];
}

/** A header key that must be a whole number of at least `least`. */
export function headerCount(container: Container, key: string, least = 0): number {
  const value = own(container.header, key);
  if (!Number.isSafeInteger(value) || (value as number) < least) {
    throw new FormatError(`The header of a ${brief(container.header["kind"])} file has no valid “${key}”.`);
  }
  return value as number;
}

/** A header key that must be a list of strings. */
export function headerStrings(container: Container, key: string): string[] {
  const value = own(container.header, key);
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
    throw new FormatError(`The header of a ${brief(container.header["kind"])} file has no list “${key}”.`);
  }
  return value as string[];
}

function parseHeader(bytes: Uint8Array, kind: string): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new FormatError(`The header of a ${kind} file is not JSON.`, { cause });
  }
  if (!isObject(header) || !isObject(header["sections"])) {
    throw new FormatError(`The header of a ${kind} file is not an object with sections.`);
  }
  if (header["kind"] !== kind) {
    throw new FormatError(`A ${kind} file was expected, but its kind is “${brief(header["kind"])}”.`);
  }
  return header;
}

function parseSection(name: string, value: unknown): { dtype: Dtype; offset: number; length: number } {
  const label = name.slice(0, 40);
  if (!isObject(value)) throw new FormatError(`Section “${label}” is not an object.`);
  const { dtype, offset, length } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(DTYPES, dtype)) {
    throw new FormatError(`Section “${label}” has an unknown dtype.`);
  }
  for (const [key, number] of [["offset", offset], ["length", length]] as const) {
    if (!Number.isSafeInteger(number) || (number as number) < 0) {
      throw new FormatError(`Section “${label}” has no valid ${key}.`);
    }
  }
  if ((offset as number) % ALIGNMENT) {
    throw new FormatError(`Section “${label}” does not start on a multiple of 16.`);
  }
  return { dtype: dtype as Dtype, offset: offset as number, length: length as number };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
