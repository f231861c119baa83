/** Tiles of the grid, and rows of list and table. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import type { ImageDocument, Result, RowInfo } from "../../web_assets/src/engine/types";
import { useMedia } from "../../web_assets/src/ui/parts/hooks";
import { Grid } from "../../web_assets/src/ui/results/grid/grid";
import { Tile } from "../../web_assets/src/ui/results/grid/tile";
import { Records } from "../../web_assets/src/ui/results/list/list";
import { Table } from "../../web_assets/src/ui/results/list/table";
import { Period } from "../../web_assets/src/ui/timeline/period";
import { FakeCollection } from "../web/fake-collection";
import { image, type Fate } from "./drawing";
import { Frame } from "./frame";
import { images, never, type World } from "./world";

interface OneProps {
  width?: number;
  height?: number;
  caption?: number;
  fate?: Fate;
  pictured?: boolean;
  local?: boolean;
  chosen?: boolean | null;
  others?: number;
  spread?: boolean;
  result?: Partial<Result>;
}

function One({ width = 280, height = 210, caption = 0, fate = "here", pictured = true, local = false, chosen = null, others = 0, spread = false, result = {} }: OneProps): JSX.Element {
  const [info] = useState((): RowInfo => {
    const { document, ...rest } = image(2, {}, { fate, pictured });
    return { row: 2, id: document.id, width: document.width, height: document.height, ...rest, ...(local ? { local: true as const } : {}) };
  });
  return (
    <ul class="grid" role="list" aria-label="Results" style={{ height: `${String(height + caption)}px`, "--caption": `${String(caption)}px` }}>
      <Tile index={2} size={6} left={0} top={0} width={width} height={height} caption={caption} result={{ row: 2, score: 1, ...result }} info={info} current={false}
        chosen={chosen} others={others} spread={spread} onFocus={() => undefined} onKeyDown={() => undefined} onToggle={() => undefined} />
    </ul>
  );
}

class Unread extends FakeCollection {
  override document(): Promise<ImageDocument> {
    return never();
  }
}

const waiting: World = { collection: (...all) => new (class extends FakeCollection { override search(): Promise<never> { return never(); } })(...all) };
const broken: World = { then: (_, collection) => { collection.failures.set("search", new Error("A file of the list could not be loaded (status 503).")); } };
const unread: World = { images: images(2), collection: (...all) => new Unread(...all) };
const lost: World = { images: images(2), collection: (...all) => new (class extends FakeCollection {
  override document(row: number): Promise<ImageDocument> { return row ? super.document(row) : Promise.reject(new Error("This record could not be loaded.")); }
})(...all) };
const chosen: World = { images: images(2), then: ({ store }) => store.dispatch({ type: "select", selected: new Map([["0000000000000001", 0]]) }) };
const texts: World = { images: images(2, () => ({ pictured: false })) };

const ROWS: [string, World][] = [
  ["pictures", { images: images(3) }], ["found words", { images: images(3), view: "#q=hills&mode=words" }], ["without pictures", texts], ["chosen", chosen],
  ["waiting for records", unread], ["a record failed", lost], ["waiting for a page", waiting], ["a page failed", broken],
];

export function Results(): JSX.Element {
  // Narrower screens are offered no table.
  const wide = useMedia("(min-width: 900px)");
  return (
    <>
      <Frame name="Tile: picture"><One /></Frame>
      <Frame name="Tile: caption below"><One caption={28} /></Frame>
      <Frame name="Tile: waiting"><One fate="waiting" /></Frame>
      <Frame name="Tile: failed"><One fate="failed" /></Frame>
      <Frame name="Tile: failed, narrow"><One fate="failed" width={84} /></Frame>
      <Frame name="Tile: failed, not on this device" world={{ then: ({ store }) => store.dispatch({ type: "offline", offline: true }) }}><One fate="failed" /></Frame>
      <Frame name="Tile: chosen" class="choosing"><One chosen /></Frame>
      <Frame name="Tile: another one is chosen" class="choosing"><One chosen={false} /></Frame>
      <Frame name="Tile: added on this device"><One local /></Frame>
      <Frame name="Tile: added on this device, narrow"><One local width={84} /></Frame>
      <Frame name="Tile: look-alikes"><One others={4} /></Frame>
      <Frame name="Tile: look-alikes spread"><One others={4} spread /></Frame>
      <Frame name="Tile: look-alike of another"><One result={{ duplicateOf: 1 }} /></Frame>
      <Frame name="Tile: look-alikes, chosen" class="choosing"><One others={4} chosen /></Frame>
      <Frame name="Tile: page of an object"><One result={{ page: { number: 3, of: 12 } }} /></Frame>
      <Frame name="Tile: record without a picture"><One pictured={false} /></Frame>
      <Frame name="Heading of a month" height={64}><ul class="grid"><Period period={{ first: 0, count: 1234, title: "July 2024" }} left={0} top={0} width={300} height={64} /></ul></Frame>
      <Frame name="Grid: pictures" class="wide-case" world={{ images: images(9, (number) => (number % 3 === 1 ? { width: 180, height: 240 } : {})) }}><Grid /></Frame>
      <Frame name="Grid: waiting for a page" class="wide-case" world={waiting}><Grid /></Frame>
      <Frame name="Grid: a page failed" class="wide-case" world={broken}><Grid /></Frame>
      {ROWS.map(([name, world]) => <Frame key={name} name={`List: ${name}`} class="wide-case" world={world}><Records /></Frame>)}
      {wide && ROWS.map(([name, world]) => <Frame key={name} name={`Table: ${name}`} class="wide-case" world={world}><Table /></Frame>)}
    </>
  );
}
