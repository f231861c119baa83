/** Changes of the saved searches, which may fail in words. Pure but for the storage. */
import { LONGEST_LINK, LONGEST_NAME, MOST_SAVED, type Saved, type SavedSearch } from "./saved";

const REFUSED = "The browser did not store the search. Its storage for this site is full or switched off, as in some private windows.";

/** Stores a search. @returns what is wrong, in words; null if it is stored */
export function save(saved: Saved, { name, link }: SavedSearch): string | null {
  const list = saved.list();
  const wanted = name.replace(/\s+/g, " ").trim();
  if (!wanted) return "Give the search a name.";
  if (wanted.length > LONGEST_NAME) return `A name can have at most ${String(LONGEST_NAME)} characters.`;
  if (link.length > LONGEST_LINK) return "This search has too many filter values to be saved.";
  if (list.some((other) => other.name.toLowerCase() === wanted.toLowerCase())) return `There is already a search called “${wanted}”. Choose another name.`;
  if (list.length >= MOST_SAVED) return `${String(MOST_SAVED)} searches are saved already. Remove one first.`;
  return stored(saved, [{ name: wanted, link }, ...list]);
}

/** Removes the search with this name. @returns what is wrong, in words; null if it is removed */
export function remove(saved: Saved, { name }: SavedSearch): string | null {
  return stored(saved, saved.list().filter((other) => other.name !== name));
}

/** Puts a removed search back at its place. @returns what is wrong, in words; null if it is stored */
export function restore(saved: Saved, search: SavedSearch, place: number): string | null {
  const list = saved.list().filter(({ name }) => name !== search.name);
  return stored(saved, [...list.slice(0, place), search, ...list.slice(place)].slice(0, MOST_SAVED));
}

function stored(saved: Saved, list: readonly SavedSearch[]): string | null {
  try {
    saved.store(list);
    return null;
  } catch {
    return REFUSED;
  }
}
