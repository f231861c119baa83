/** The shapes of values in manifest.json. Each function throws FormatError that names the key which is not valid. */
import { own } from "../base/own";
import { isObject } from "./container";
import { readEntry } from "./entry";
import { FormatError } from "./errors";
import { checkLength } from "./lists";
import type { FileListEntry } from "./manifest";

export type Json = Record<string, unknown>;

export function fail(path: string): never {
  throw new FormatError(`manifest.json has no valid “${path}”.`);
}

export function object(parent: Json, key: string): Json {
  const value = own(parent, key);
  return isObject(value) ? value : fail(key);
}

export function text(parent: Json, key: string): string {
  const value = own(parent, key);
  return typeof value === "string" ? value : fail(key);
}

export function count(parent: Json, key: string, least = 0, most = Number.MAX_SAFE_INTEGER): number {
  const value = own(parent, key);
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most ? (value as number) : fail(key);
}

/** An entry of a file that holds further entries. */
export function index(value: unknown, path: string): void {
  if (readEntry(value, path).index !== true) fail(path);
}

export function fileList(parent: Json, path: string, key = "files"): FileListEntry {
  const value = object(parent, key);
  count(value, "count", 1);
  index(value["index"], `${path}.${key}`);
  return value as unknown as FileListEntry;
}

export function blocks(value: Json, path: string, total: number, most?: number): void {
  const block = count(value, "block", 1, most);
  checkLength(fileList(value, path), total, block, `${path}.files`);
}
