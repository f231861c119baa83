/** What the colours of the points mean. */
import type { JSX } from "preact";

import type { Classes } from "../../engine/types";
import { useController, useStore } from "../context";
import type { Loaded } from "../parts/hooks";
import { toggleValue } from "../state/view";
import { count, range, shownValue } from "../wording";
import { css, hue, scaled } from "./colours";

const STOPS = 9;

export function Legend({ classes, field, dark }: { classes: Loaded<Classes | null>; field: string | null; dark: boolean }): JSX.Element | null {
  const controller = useController();
  const definition = useStore((state) => state.manifest?.fields.find(({ name }) => name === field) ?? null);
  const view = useStore((state) => state.view);
  if (!definition) return null;
  if (classes.state === "failed") return <p class="map-legend" role="alert">{classes.message}</p>;
  if (classes.state === "loading" || !classes.value) return <p class="map-legend" role="status">Loading {definition.label}</p>;
  const { value } = classes;
  if (value.kind === "scale") {
    const colours = Array.from({ length: STOPS }, (_, i) => css(scaled(i / (STOPS - 1), dark)));
    return (
      <div class="map-legend">
        <span class="map-legend-title">{definition.label}</span>
        <span class="map-scale" aria-hidden="true" style={{ background: `linear-gradient(to right, ${colours.join(", ")})` }} />
        <span>{value.max >= value.min ? range(definition, value.min, value.max) : ""}</span>
      </div>
    );
  }
  const filterable = definition.facet;
  return (
    <ul class="map-legend" aria-label={`Colours of ${definition.label}`}>
      {value.values.map((one, place) => {
        const swatch = <span class="map-swatch" aria-hidden="true" style={{ background: css(hue(place, dark)) }} />;
        const text = <><bdi>{shownValue(one.value, definition)}</bdi> <span class="faint">{count(one.count)}</span></>;
        const on = view.filters.some((filter) => filter.field === field && filter.kind === "any" && filter.values.includes(one.value));
        return (
          <li key={one.value}>
            {filterable
              ? <button type="button" class="map-legend-value" aria-pressed={on} onClick={() => controller.go({ ...toggleValue(view, definition.name, one.value), image: null })}>{swatch}{text}</button>
              : <span class="map-legend-value">{swatch}{text}</span>}
          </li>
        );
      })}
    </ul>
  );
}
