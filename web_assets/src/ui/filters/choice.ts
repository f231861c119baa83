/** Choosing and excluding values of a field in a view. Pure. */
import { toggleValue, withFilter, type View } from "../state/view";

/** The values of a field that the view asks for, and those that it excludes. */
export interface Choice {
  chosen: string[];
  excluded: string[];
}

export function choiceOf({ filters }: View, field: string): Choice {
  const values = (kind: "any" | "none"): string[] =>
    filters.flatMap((filter) => (filter.field === field && filter.kind === kind ? filter.values : []));
  return { chosen: values("any"), excluded: values("none") };
}

/** The view with a value chosen, or no longer chosen; it is not excluded any more. */
export function choose(view: View, field: string, value: string): View {
  const { excluded } = choiceOf(view, field);
  const without = excluded.includes(value) ? withExcluded(view, field, excluded.filter((other) => other !== value)) : view;
  return { ...toggleValue(without, field, value), image: null };
}

/** The view with a value excluded, or no longer excluded; it is not chosen any more. */
export function exclude(view: View, field: string, value: string): View {
  const { chosen, excluded } = choiceOf(view, field);
  const without = chosen.includes(value) ? toggleValue(view, field, value) : view;
  const next = excluded.includes(value) ? excluded.filter((other) => other !== value) : [...excluded, value];
  return { ...withExcluded(without, field, next), image: null };
}

function withExcluded(view: View, field: string, values: string[]): View {
  return withFilter(view, field, "none", values.length ? { field, kind: "none", values } : null);
}

/** The last component of a path. */
export function lastPart(path: string, separator: string): string {
  return path.split(separator).at(-1) ?? path;
}

/** Whether one of `values` lies below `path`. */
export function hasBelow(path: string, separator: string, values: readonly string[]): boolean {
  return values.some((value) => value.startsWith(path + separator) && value.length > path.length + separator.length);
}
