/** Filters by the map of meaning (docs/FORMAT.md 2.18). */

/** The name in the place of a field in filters by the map; no field can have it. */
export const MAP_FIELD = "@map";
/** The greatest coordinate of the map. */
export const MAP_EDGE = 65_534;
/** How many corners an area may have at most. */
export const MOST_CORNERS = 64;

/**
 * The number of the topic that a filter names; null if the map has none of that name. Topics change their numbers
 * with the collection, so filters have names. A number is understood if no topic has it as its name.
 */
export function topicOf(topics: readonly { name: string }[], value: string): number | null {
  const named = topics.findIndex(({ name }) => name === value);
  if (named >= 0) return named;
  return /^[0-9]{1,5}$/.test(value) && Number(value) < topics.length ? Number(value) : null;
}
