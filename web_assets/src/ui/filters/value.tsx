/** One value of a field in the filters: it may be chosen or excluded. */
import type { JSX } from "preact";

import { useController, useStore } from "../context";
import { shownValue } from "../wording";
import { choiceOf, choose, exclude } from "./choice";
import { FacetLine } from "./line";
import type { FacetCount, FieldDefinition } from "../../engine/types";

/** @param label what is shown; the whole value is in the tooltip */
export function Value({ field, line, label }: { field: FieldDefinition; line: FacetCount; label?: string }): JSX.Element {
  const controller = useController();
  const view = useStore((state) => state.view);
  const { chosen, excluded } = choiceOf(view, field.name);
  const { separator } = field;
  // A link may write a path with a separator at its end.
  const written = separator === undefined ? line.value : [...chosen, ...excluded].find((path) => path === line.value + separator) ?? line.value;
  const name = shownValue(line.value, field);
  return (
    <FacetLine label={label ?? name} name={name} rows={line.count} about={line.about}
      chosen={chosen.includes(written)} excluded={excluded.includes(written)}
      onChoose={() => controller.go(choose(view, field.name, written))}
      onExclude={() => controller.go(exclude(view, field.name, written))} />
  );
}
