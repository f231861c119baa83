/** The results, as the link, the device or the collection wants them to be shown. */
import type { JSX } from "preact";

import { useController, useStore } from "../context";
import { layoutOf, layoutsFor, type Layout } from "../layout";
import { useMedia } from "../parts/hooks";
import { GridIcon, ListIcon, MapIcon, TableIcon } from "../parts/icons";
import { useLater } from "../parts/later";
import { Retry } from "../parts/retry";
import { mapView } from "../map/later";
import { Grid } from "./grid/grid";
import { readable } from "./readable";

/** The layout that is shown, and the ones there are. */
export function useLayouts(): { layout: Layout; able: Layout[] } {
  const manifest = useStore((state) => state.manifest);
  const linked = useStore((state) => state.view.layout);
  const stored = useStore((state) => state.layout);
  const wide = useMedia("(min-width: 900px)");
  const data = useStore((state) => state.view.data !== null);
  const able = manifest ? layoutsFor(data ? { ...manifest, map: null } : manifest, wide) : [];
  return { layout: layoutOf(linked, stored, able), able };
}

export function Results(): JSX.Element {
  const { layout } = useLayouts();
  return layout === "grid" ? <Grid /> : layout === "map" ? <Map /> : <Readable layout={layout} />;
}

function Map(): JSX.Element {
  const { module, failure, retry } = useLater(mapView);
  if (module) return <module.MapView />;
  return (
    <div class="map-soon" aria-busy={failure === null}>
      {failure !== null && <div class="grid-failed"><div role="alert"><p>{failure}</p><Retry onClick={retry} /></div></div>}
    </div>
  );
}

/** A list or table: rows without content until its script is there. */
function Readable({ layout }: { layout: Layout }): JSX.Element {
  const { module, failure, retry } = useLater(readable);
  if (module) return layout === "table" ? <module.Table /> : <module.Records />;
  return (
    <div class={`records-soon ${layout}`} aria-busy={failure === null}>
      {failure === null
        ? <div class="records-waiting" aria-hidden="true" />
        : <div class="grid-failed"><div role="alert"><p>{failure}</p><Retry onClick={retry} /></div></div>}
    </div>
  );
}

const CHOICES: Record<Layout, { label: string; icon: () => JSX.Element }> = {
  grid: { label: "Grid", icon: GridIcon }, list: { label: "List", icon: ListIcon }, table: { label: "Table", icon: TableIcon }, map: { label: "Map", icon: MapIcon },
};

/**
 * Switches between grid, list, table and map. Not shown if there is nothing to choose, nor in the grid of a collection without a map whose
 * rows all have pictures: there it would take the room of what people need more.
 * @param always whether it is shown there too
 */
export function LayoutSwitch({ always = false }: { always?: boolean }): JSX.Element | null {
  const controller = useController();
  const { layout, able } = useLayouts();
  const pictured = useStore(({ manifest }) => manifest !== null && manifest.thumbnails.count === manifest.collection.count);
  if (able.length < 2 || (pictured && layout === "grid" && !always && !able.includes("map"))) return null;
  return (
    <div class="modes layouts" role="radiogroup" aria-label="Show results as">
      {able.map((one) => {
        const { label, icon: Icon } = CHOICES[one];
        return (
          <label key={one} title={label}>
            <input type="radio" name="layout" value={one} checked={layout === one} aria-label={label} onChange={() => controller.setLayout(one)} />
            <span><Icon /></span>
          </label>
        );
      })}
    </div>
  );
}
