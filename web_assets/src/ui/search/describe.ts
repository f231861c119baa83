/** A search in a few words. Pure. */
import type { FieldDefinition, Filter } from "../../engine/types";
import type { View } from "../state/view";
import { counted, range, shownValue, type Noun } from "../wording";

/** How many values of a filter are named. */
const VALUES = 3;

export function describe(view: View, fields: readonly FieldDefinition[], noun: Noun): string {
  const text = view.text.trim();
  const like = view.like.filter((id) => !id.startsWith("-")).length;
  const parts = [
    ...(text ? [text] : []),
    ...(like ? [`like ${counted(like, noun)}`] : []),
    ...(view.like.length > like ? [`unlike ${counted(view.like.length - like, noun)}`] : []),
    ...(view.pictures.length ? [`${counted(view.pictures.length, "picture")} of this device`] : []),
    ...view.filters.map((filter) => condition(filter, fields, noun)),
    ...(view.mode === "all" ? [] : [`by ${view.mode}`]),
  ];
  const sorted = view.sort && fields.find(({ name }) => name === view.sort?.field)?.label;
  return parts.join(" · ") || (sorted ? `All, by ${sorted}` : "All");
}

function condition(filter: Filter, fields: readonly FieldDefinition[], noun: Noun): string {
  switch (filter.kind) {
    case "ids": return `a set of ${counted(filter.values.length, noun)}`;
    case "area": return "an area of the map";
    case "topic": return filter.values.length === 1 ? "a topic of the map" : "topics of the map";
    default: {
      const field = fields.find(({ name }) => name === filter.field);
      const label = field?.label ?? filter.field;
      if (filter.kind === "range") return `${label}: ${field ? range(field, filter.min, filter.max) : "range"}`;
      const shown = filter.values.slice(0, VALUES).map((value) => shownValue(value, field)).join(", ");
      return `${label}: ${filter.kind === "none" ? "not " : ""}${shown}${filter.values.length > VALUES ? ", …" : ""}`;
    }
  }
}
