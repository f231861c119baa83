/** What lies on top of the points: thumbnails, labels of topics, areas. Decorative: the list of topics says the same in words. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";

import { visible } from "../../base/visible";
import type { RowInfo } from "../../engine/types";
import { useController } from "../context";
import { memo } from "../parts/memo";
import { Placeholder } from "../parts/placeholder";
import { useThumbnail } from "../parts/use-thumbnail";
import type { Size } from "./frame";
import type { Label } from "./labels";
import type { Shown, Stage } from "./stage";

export interface Hovered {
  row: number;
  left: number;
  top: number;
}

/** How many rows are remembered for thumbnails that come back. */
const REMEMBERED = 1500;
/** The longer side of the thumbnail under the pointer, in CSS pixels. */
const HOVER_SIDE = 168;

/** Puts everything in its place. Called after each frame, so it changes nothing but styles. */
export function place(over: HTMLElement, stage: Stage): void {
  const at = stage.placesOf();
  const labels = new Map(stage.labels.map((label) => [label.topic, label]));
  for (const element of over.querySelectorAll<HTMLElement>("[data-row]")) {
    const spot = at(Number(element.dataset["row"]));
    element.style.transform = spot ? `translate(${spot[0].toFixed(1)}px, ${spot[1].toFixed(1)}px) translate(-50%, -50%)` : "translate(-9999px)";
  }
  for (const element of over.querySelectorAll<HTMLElement>("[data-topic]")) {
    const label = labels.get(Number(element.dataset["topic"]));
    element.style.transform = label ? `translate(${label.left.toFixed(1)}px, ${label.top.toFixed(1)}px) translate(-50%, -50%)` : "translate(-9999px)";
  }
  for (const element of over.querySelectorAll<SVGPolygonElement>("[data-corners]")) {
    element.setAttribute("points", placed((element.dataset["corners"] ?? "").split(",").map(Number), stage));
  }
}

function placed(corners: readonly number[], stage: Stage | null): string {
  const points: string[] = [];
  for (let i = 0; i + 1 < corners.length; i += 2) {
    const [x, y] = stage ? stage.toScreen(corners[i]!, corners[i + 1]!) : [corners[i]!, corners[i + 1]!];
    points.push(`${x.toFixed(1)},${y.toFixed(1)}`);
  }
  return points.join(" ");
}

/** An area of the map, or with no stage of the screen. */
export function Area({ corners, stage }: { corners: readonly number[]; stage: Stage | null }): JSX.Element {
  return (
    <svg class="map-area" focusable="false">
      <polygon points={placed(corners, stage)} {...(stage ? { "data-corners": corners.join(",") } : {})} />
    </svg>
  );
}

export const Labels = memo(function Labels({ labels }: { labels: readonly Label[] }): JSX.Element {
  return <>{labels.map(({ topic, text }) => <span key={topic} class="map-label" data-topic={topic}>{visible(text)}</span>)}</>;
});

/** What the page needs for rows, loaded once. */
function useInfos(rows: readonly number[]): ReadonlyMap<number, RowInfo> {
  const { collection } = useController();
  const [infos] = useState(() => new Map<number, RowInfo>());
  const [, redraw] = useState(0);
  useEffect(() => {
    const missing = rows.filter((row) => !infos.has(row));
    if (!missing.length || !collection) return;
    let current = true;
    // A picture that cannot be loaded stays a point.
    collection.rows([...missing]).then((found) => {
      for (const info of found) infos.set(info.row, info);
      for (const row of infos.keys()) if (infos.size > REMEMBERED && !rows.includes(row)) infos.delete(row);
      if (current) redraw((n) => n + 1);
    }, () => undefined);
    return () => { current = false; };
  }, [rows, collection]);
  return infos;
}

/** @param onDrawn puts what was drawn in its place */
export function Thumbnails({ shown: { rows, side }, isLit, onDrawn }: { shown: Shown; isLit: (row: number) => boolean; onDrawn: () => void }): JSX.Element {
  const infos = useInfos(rows);
  useLayoutEffect(onDrawn);
  return (
    <>
      {rows.map((row) => {
        const info = infos.get(row);
        return info?.thumbnail ? <Thumbnail key={row} info={info} side={side} lit={isLit(row)} /> : null;
      })}
    </>
  );
}

const Thumbnail = memo(function Thumbnail({ info, side, lit }: { info: RowInfo; side: number; lit: boolean }): JSX.Element {
  const { url } = useThumbnail(info.thumbnail);
  const scale = side / Math.max(1, info.width, info.height);
  return (
    <span class={`map-thumbnail ${lit ? "" : "dim"}`} data-row={info.row} style={{ width: `${String(Math.max(16, info.width * scale))}px`, height: `${String(Math.max(16, info.height * scale))}px` }}>
      <Placeholder hash={info.placeholder} covered={url !== null} />
      {url && <img src={url} alt="" draggable={false} decoding="async" />}
    </span>
  );
});

/** A larger picture of what is under the pointer, beside it and within the map. */
export function Hover({ hovered, size }: { hovered: Hovered; size: Size }): JSX.Element | null {
  const [rows, setRows] = useState<readonly number[]>([hovered.row]);
  useEffect(() => setRows([hovered.row]), [hovered.row]);
  const info = useInfos(rows).get(hovered.row);
  const { url } = useThumbnail(info?.thumbnail ?? null);
  if (!info || !url) return null;
  const scale = HOVER_SIDE / Math.max(1, info.width, info.height);
  const [width, height] = [info.width * scale, info.height * scale];
  const left = hovered.left + 16 + width > size.width ? hovered.left - 16 - width : hovered.left + 16;
  const top = Math.max(4, Math.min(size.height - height - 4, hovered.top - height / 2));
  return (
    <span class="map-hover" style={{ transform: `translate(${String(Math.max(4, left))}px, ${String(top)}px)`, width: `${String(width)}px`, height: `${String(height)}px` }}>
      <img src={url} alt="" draggable={false} decoding="async" />
    </span>
  );
}
