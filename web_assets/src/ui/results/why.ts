/** Why a picture was found, in words, and the numbers behind them. Pure. */
import { own } from "../../base/own";
import { visible } from "../../base/visible";
import type { FieldDefinition, Highlight, Result } from "../../engine/types";

/** The similarity of what has no embedding: there is nothing to say about it. */
const UNKNOWN = -1;
/** The most fields and words that are named. */
const [FIELDS, WORDS] = [2, 3];

/** What a matched field is called in front of its words; other fields are called by their label. */
const FILE = new Set(["file", "filename", "name", "path"]);

/**
 * Why a picture was found, as parts of a sentence: "Looks like it", "caption says “bridge”".
 * @param pictured whether the row has a picture; a record was compared by its text
 * @param highlights the matched words by field; null if they are not known yet
 */
export function why({ ranks, matched = [], close }: Result, pictured: boolean, highlights: readonly Highlight[] | null, fields: readonly FieldDefinition[]): string[] {
  const parts: string[] = [];
  if (close) parts.push(pictured ? "looks like it" : "is about it");
  if (matched.length) {
    const said = (highlights ?? []).flatMap(({ field, pieces }) => {
      const words = distinct(pieces.filter((_, i) => i % 2));
      return words.length ? [saying(fields.find(({ name }) => name === field), field, words)] : [];
    }).slice(0, FIELDS);
    parts.push(...(said.length ? said : [`text says ${quoted(matched)}`]));
  }
  if (!parts.length && ranks?.meaning !== undefined) parts.push(pictured ? "looks a little like it" : "is a little like it");
  return parts.map((part, i) => (i ? part : part.charAt(0).toUpperCase() + part.slice(1)));
}

/** The numbers: ranks count from 1. */
export function numbers({ ranks, similarity }: Result, pictured: boolean): string {
  const parts: string[] = [];
  if (similarity !== undefined && similarity !== UNKNOWN) parts.push(`${pictured ? "Similarity" : "Similarity of the text"} ${similarity.toFixed(2)}`);
  if (ranks?.meaning !== undefined) parts.push(`rank ${String(ranks.meaning + 1)} by meaning`);
  if (ranks?.words !== undefined) parts.push(`rank ${String(ranks.words + 1)} by words`);
  const text = parts.join(" · ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A field whose text has the words; tags, categories and the like have values instead of sentences. */
function saying(field: FieldDefinition | undefined, name: string, words: readonly string[]): string {
  if (FILE.has(name)) return `file name has ${quoted(words)}`;
  const label = inSentence(visible(field?.label ?? name));
  if (field?.type === "tags") return `${own(SINGULAR, label) ?? label.replace(/s$/, "")} ${quoted(words)}`;
  return field?.type === "text" ? `${own(SINGULAR, label) ?? label} says ${quoted(words)}` : `${label} ${quoted(words)}`;
}

/** Labels that do not lose an s alone. */
const SINGULAR: Record<string, string> = { captions: "caption", categories: "category", species: "species", series: "series" };

/** A label with a small first letter, unless it is an abbreviation. */
function inSentence(label: string): string {
  return label === label.toUpperCase() ? label : label.charAt(0).toLowerCase() + label.slice(1);
}

function distinct(words: readonly string[]): string[] {
  const found = new Map(words.map((word) => [word.toLowerCase(), word]));
  return [...found.values()];
}

function quoted(words: readonly string[]): string {
  return words.slice(0, WORDS).map((word) => `“${visible(word)}”`).join(", ");
}
