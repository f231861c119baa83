/** Filters by the map of meaning (docs/FORMAT.md 2.18). */

/** The name in the place of a field in filters by the map; no field can have it. */
export const MAP_FIELD = "@map";
/** The greatest coordinate of the map. */
export const MAP_EDGE = 65_534;
/** How many corners an area may have at most. */
export const MOST_CORNERS = 64;
