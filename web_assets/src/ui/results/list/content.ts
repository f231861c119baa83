/** What a list shows of a record: title, text, values and tags. Pure. */
import { own } from "../../../base/own";
import { nameOf } from "../../detail/fields";
import { excerpt, isMarked } from "./snippet";
import type { FieldDefinition, FieldValue, Highlight, ImageDocument, Manifest } from "../../../engine/types";

export interface Value {
  field: FieldDefinition;
  value: FieldValue;
}

export interface Content {
  /** In pieces: plain, matched, plain … */
  title: string[];
  /** Whether the title is a text to read, such as a prompt, and not a name. */
  reading: boolean;
  /** The label of the field if it is not the one that is usually shown. */
  text: { label: string | null; pieces: string[] } | null;
  values: Value[];
  tags: Value[];
}

const TITLE_LENGTH = 160;
const READING_LENGTH = 420;
const TEXT_LENGTH = 300;

function textOf(value: FieldValue | undefined): string {
  if (Array.isArray(value)) return value.join(", ");
  return typeof value === "string" ? value.trim() : "";
}

export function contentOf(document: ImageDocument, list: Manifest["list"], fields: readonly FieldDefinition[], highlights: readonly Highlight[]): Content {
  const marked = (name: string): string[] | null => highlights.find(({ field }) => field === name)?.pieces ?? null;
  const read = (name: string | null): string => (name === null ? "" : textOf(own(document.fields, name)));
  const given = read(list.title);
  const text = read(list.text);
  const reading = !given && text !== "";
  const title = reading ? excerpt(marked(list.text!) ?? [text], READING_LENGTH)
    : excerpt(given ? marked(list.title!) ?? [given] : [nameOf(document)], TITLE_LENGTH);
  const values: Value[] = [];
  const tags: Value[] = [];
  for (const name of list.columns) {
    const field = fields.find((other) => other.name === name);
    const value = own(document.fields, name);
    if (!field || value === undefined || value === "" || (Array.isArray(value) && !value.length)) continue;
    (field.type === "tags" ? tags : values).push({ field, value });
  }
  const below = (): Content["text"] => {
    const usual = reading || !text ? null : excerpt(marked(list.text!) ?? [text], TEXT_LENGTH);
    if (usual && isMarked(usual)) return { label: null, pieces: usual };
    // The words are elsewhere: say where.
    const other = isMarked(title) ? undefined : highlights.find(({ field, pieces }) => (
      field !== list.title && field !== list.text && !tags.some((line) => line.field.name === field) && isMarked(pieces)
    ));
    if (other) {
      const field = fields.find(({ name }) => name === other.field);
      return { label: field?.label ?? other.field, pieces: excerpt(other.pieces, TEXT_LENGTH) };
    }
    return usual && { label: null, pieces: usual };
  };
  return { title, reading, text: below(), values, tags };
}

/** The measures of a row of the list, in rem, from what the collection's records have and how much room there is. */
export interface Shape {
  height: number;
  titleLines: number;
  textLines: number;
  /** Whether the values stand in a column at the side, and how many fit there. */
  aside: boolean;
  values: number;
  tags: boolean;
}

const [PADDING, TITLE, TEXT, VALUE, GAP] = [1.5, 1.5, 1.375, 1.375, 0.375];

/** @param width of the list in rem; `coarse`: for fingers, which need larger tags */
export function shapeOf(list: Manifest["list"], fields: readonly FieldDefinition[], width: number, coarse: boolean): Shape {
  const kinds = new Map(fields.map(({ name, type }) => [name, type]));
  const tags = list.columns.some((name) => kinds.get(name) === "tags");
  const values = list.columns.filter((name) => kinds.get(name) !== "tags").length;
  const narrow = width < 36;
  const aside = values > 0 && width >= 56;
  const reading = list.title === null && list.text !== null;
  const titleLines = reading ? (narrow ? 4 : 3) : narrow ? 2 : 1;
  const textLines = list.text === null || reading ? 0 : 2;
  const beside = values && !aside ? VALUE + GAP : 0;
  const tagLine = tags ? (coarse ? 2.75 : 1.875) + GAP : 0;
  const main = titleLines * TITLE + (textLines ? textLines * TEXT + GAP / 2 : 0) + beside + tagLine;
  const shown = aside ? Math.min(values, Math.max(2, Math.floor(main / VALUE))) : narrow ? Math.min(2, values) : values;
  const height = PADDING + Math.max(main, aside ? shown * VALUE : 0, 2.5);
  return { height, titleLines, textLines, aside, values: shown, tags };
}
