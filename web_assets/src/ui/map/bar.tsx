/** The tools of the map. */
import type { JSX } from "preact";

import { useStore } from "../context";
import { ListIcon, ZoomInIcon, ZoomOutIcon } from "../parts/icons";
import { BoxIcon, FitIcon, HandIcon, LassoIcon, LightIcon } from "./icons";

/** What a drag does: move the map, or draw an area. */
export type Tool = "move" | "box" | "lasso";

interface Props {
  tool: Tool;
  onTool: (tool: Tool) => void;
  dimensions: 2 | 3;
  /** Whether the map has three dimensions. */
  spatial: boolean;
  onDimensions: (dimensions: 2 | 3) => void;
  field: string | null;
  onField: (field: string | null) => void;
  listed: boolean;
  onListed: () => void;
  onZoom: (factor: number) => void;
  onFit: () => void;
  /** Whether a search has lit some of the points. */
  lit: boolean;
  onLit: () => void;
}

const TOOLS: [Tool, string, () => JSX.Element][] = [["move", "Move", HandIcon], ["box", "Select a box", BoxIcon], ["lasso", "Select an area", LassoIcon]];
const STEP = 1.6;

export function Bar(props: Props): JSX.Element {
  const { tool, dimensions, spatial, field, listed, lit } = props;
  const fields = useStore((state) => state.manifest?.fields ?? null);
  const colours = (fields ?? []).filter(({ column, type }) => column && type !== "text" && type !== "url");
  return (
    <div class="map-bar">
      {spatial && (
        <div class="modes" role="radiogroup" aria-label="Dimensions">
          {([2, 3] as const).map((number) => (
            <label key={number}>
              <input type="radio" name="dimensions" checked={dimensions === number} onChange={() => props.onDimensions(number)} /><span>{number}D</span>
            </label>
          ))}
        </div>
      )}
      {dimensions === 2 && (
        <div class="modes layouts" role="radiogroup" aria-label="Dragging">
          {TOOLS.map(([name, label, Icon]) => (
            <label key={name} title={label}>
              <input type="radio" name="tool" checked={tool === name} aria-label={label} onChange={() => props.onTool(name)} /><span><Icon /></span>
            </label>
          ))}
        </div>
      )}
      <div class="map-zoom">
        <button type="button" class="icon-button" title="Zoom in" aria-label="Zoom in" onClick={() => props.onZoom(STEP)}><ZoomInIcon /></button>
        <button type="button" class="icon-button" title="Zoom out" aria-label="Zoom out" onClick={() => props.onZoom(1 / STEP)}><ZoomOutIcon /></button>
        <button type="button" class="icon-button" title="Show all" aria-label="Show all of the map" onClick={props.onFit}><FitIcon /></button>
        {lit && dimensions === 2 && <button type="button" class="icon-button" title="Zoom to results" aria-label="Zoom to results" onClick={props.onLit}><LightIcon /></button>}
      </div>
      <div class="map-bar-end">
        {colours.length > 0 && (
          <label class="sort">
            <span class="visually-hidden">Colour by</span>
            <select value={field ?? ""} onChange={(event) => props.onField(event.currentTarget.value || null)}>
              <option value="">Colour: Topic</option>
              {colours.map(({ name, label }) => <option key={name} value={name}>Colour: {label}</option>)}
            </select>
          </label>
        )}
        <button type="button" class="button quiet" aria-expanded={listed} onClick={props.onListed}><ListIcon /><span>Topics</span></button>
      </div>
    </div>
  );
}
