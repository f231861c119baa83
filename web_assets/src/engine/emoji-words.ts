/** Emoji that no text has are searched by their names (docs/QUERY.md, "Emoji"). The twin of builder/imagedb_site/query/emoji_words.py. */
import { emojiIn, emojiNames, replaceEmoji, type EmojiName } from "../base/emoji";
import { quote, type Query } from "./query/index";
import type { Resources } from "./resources";

/** The largest number of different emoji of a query that are replaced by their names. */
const MOST_EMOJI = 100;

const none: EmojiName = () => null;

/** The names of a text's emoji that no row's text has; of none if full text cannot be used. */
export async function missingEmoji(text: string, resources: Resources): Promise<EmojiName> {
  const emoji = [...new Set(emojiIn(text))].slice(0, MOST_EMOJI);
  if (!emoji.length) return none;
  try {
    const [catalog, nameOf] = await Promise.all([resources.catalog(), emojiNames()]);
    const missing = new Map<string, string>();
    for (const sequence of emoji) {
      const name = nameOf(sequence);
      if (name !== null && !(await catalog.having(quote(sequence))).length) missing.set(sequence, name);
    }
    return (sequence) => missing.get(sequence) ?? null;
  } catch {
    // The words arm itself reports the failure.
    return none;
  }
}

/** A query with names in the place of emoji, in its words and in fields that the collection may not have. */
export function withNames(query: Query, nameOf: EmojiName): Query {
  if (nameOf === none) return query;
  return {
    ...query,
    terms: query.terms.map((term) => (term.kind === "text" ? { ...term, value: replaceEmoji(term.value, nameOf) } : term)),
    fields: query.fields.map((field) => ({ ...field, source: replaceEmoji(field.source, nameOf) })),
  };
}
