/** The results as a list to read. Only rows on or near the screen are drawn. It scrolls with the page. */
import type { JSX } from "preact";
import { useMemo, useRef } from "preact/hooks";

import { useController, useStore } from "../../context";
import { hasPictures } from "../../layout";
import { useMedia, useWidth } from "../../parts/hooks";
import { Retry } from "../../parts/retry";
import { LongScrubber } from "../long";
import { placeAt } from "../../state/list";
import { shapeOf } from "./content";
import { DIVIDER } from "./geometry";
import { Record } from "./record";
import { useRows, type Gap } from "./use-rows";

/** The width of a row's picture with its margin, of the values at the side, and of the space at both ends, in rem. */
const [PICTURE_WIDE, PICTURE_NARROW, ASIDE, EDGES] = [7.5, 5.25, 17, 2];
const NARROW = 36;

/** The size of the root's font in CSS pixels, in which rows are measured. */
export function rootFont(): number {
  return parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
}

export function Records(): JSX.Element | null {
  const manifest = useStore((state) => state.manifest);
  const { version } = useStore((state) => state.local);
  const present = useStore((state) => state.list !== null);
  const element = useRef<HTMLUListElement>(null);
  const coarse = useMedia("(pointer: coarse)");
  const width = useWidth(element, present);
  const rem = rootFont();
  const shape = useMemo(
    () => (manifest && width > 0 ? shapeOf(manifest.list, manifest.fields, width / rem, coarse) : null), [manifest, width, rem, coarse],
  );
  const rows = useRows(element, shape ? Math.round(shape.height * rem) : 0);
  const { list } = rows;
  if (!list || !manifest) return null;
  const pictured = hasPictures(manifest);
  const narrow = width / rem < NARROW;
  const room = width / rem - EDGES - (shape?.aside ? ASIDE : 0) - (pictured ? (narrow ? PICTURE_NARROW : PICTURE_WIDE) : 0);
  const total = list.total ?? (list.exhausted ? list.length : -1);
  return (
    <>
      <ul ref={element} id="results" class={`records ${narrow ? "narrow" : ""}`} role="list" aria-label="Results" data-stage={list.stage} data-key={list.key}
        style={{
          height: `${String(rows.height)}px`, "--row": `${String(Math.round((shape?.height ?? 8) * rem))}px`,
          "--title-lines": shape?.titleLines ?? 1, "--text-lines": shape?.textLines ?? 2,
        }}>
        {shape && rows.shown.map((index) => {
          const place = placeAt(list, index);
          return place && (
            <Record key={place.info.local ? `${place.info.id} ${String(version)}` : place.result.row} index={index} size={total} top={rows.topOf(index)}
              height={Math.round(shape.height * rem)} result={place.result} info={place.info} manifest={manifest} current={index === rows.current} chosen={rows.chosenOf(place.info.id)}
              onFocus={rows.onFocus} onKeyDown={rows.onKeyDown} shape={shape} room={room} pictured={pictured} />
          );
        })}
        {rows.divider !== null && <Divider at={rows.divider} />}
        {rows.gaps.map((gap) => <GapRow key={`page-${String(gap.page)}`} gap={gap} />)}
      </ul>
      {rows.scrub && <LongScrubber {...rows.scrub} />}
    </>
  );
}

function Divider({ at }: { at: number }): JSX.Element {
  return (
    <li class="divider" style={{ transform: `translateY(${String(at - DIVIDER)}px)`, height: `${String(DIVIDER)}px` }}><span>Weaker matches</span></li>
  );
}

function GapRow({ gap }: { gap: Gap }): JSX.Element {
  return (
    <li class={gap.failure === null ? "records-waiting" : "grid-failed"} style={{ transform: `translateY(${String(gap.top)}px)`, height: `${String(gap.height)}px` }}>
      <GapContent gap={gap} />
    </li>
  );
}

/** Why the rows are missing, and how to try again; nothing while they load. */
export function GapContent({ gap }: { gap: Gap }): JSX.Element | null {
  const controller = useController();
  if (gap.failure === null) return null;
  return (
    <div role="alert">
      <p>{gap.failure}</p>
      <Retry onClick={() => void controller.loadPage(gap.page, true)} />
    </div>
  );
}
