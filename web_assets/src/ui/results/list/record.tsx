/** One record of the list: a link to its detail view, with text, values, and tags that filter. */
import type { JSX, TargetedKeyboardEvent } from "preact";

import { LocalBadge } from "../../additions/local";
import { useController, useStore } from "../../context";
import { memo } from "../../parts/memo";
import { opener } from "../../parts/opening";
import { Marked } from "../../parts/marked";
import { remoteThumbnail } from "../../parts/remote-picture";
import { Retry } from "../../parts/retry";
import { SelectMark } from "../../selection/mark";
import { formatView, HOME, toggleValue } from "../../state/view";
import { count, plain, shownValue } from "../../wording";
import { useRecord } from "./use-record";
import { contentOf, type Content, type Shape, type Value } from "./content";
import { OfObject } from "./of-object";
import { Picture } from "./picture";
import { emWidth, fitting, fittingValues } from "./snippet";
import type { Manifest, Result, RowInfo } from "../../../engine/types";

export interface RowProps {
  index: number;
  /** The number of places in the list; −1 if the ranking has no known end. */
  size: number;
  top: number;
  height: number;
  result: Result;
  info: RowInfo;
  manifest: Manifest;
  /** The row the Tab key leads to. */
  current: boolean;
  /** Whether it is chosen; null if nothing is. */
  chosen: boolean | null;
  onFocus: (index: number) => void;
  onKeyDown: (event: TargetedKeyboardEvent<HTMLElement>, index: number) => void;
}

interface Props extends RowProps {
  shape: Shape;
  /** The width of the texts, in rem. */
  room: number;
  /** Whether rows have room for a picture. */
  pictured: boolean;
}

/** The font of tags in rem, and the space that each has around its text. */
const [TAG_FONT, TAG_SPACE] = [0.8125, 1.75];
const MORE_TAGS = 2.5;

export const Record = memo(function Record(props: Props): JSX.Element {
  const { index, size, top, height, result, info, manifest, current, chosen, shape, room, pictured } = props;
  const controller = useController();
  const text = useStore((state) => (state.view.mode === "meaning" ? "" : state.view.text.trim()));
  const { document, highlights, failure, retry } = useRecord(info.row, text);
  const content = document && contentOf(document, manifest.list, manifest.fields, highlights);
  const place = `${count(index + 1)}${size > 0 ? ` of ${count(size)}` : ""}`;
  return (
    <li class={`record ${shape.aside ? "with-aside" : ""} ${pictured ? "pictured" : ""} ${result.duplicateOf === undefined ? "" : "repeated"} ${chosen ? "chosen" : ""}`}
      aria-posinset={index + 1} aria-setsize={size} style={{ transform: `translateY(${String(top)}px)`, height: `${String(height)}px` }}>
      {pictured && <Picture info={info} remote={remoteThumbnail(document?.remote, manifest.remote?.origins ?? [])} />}
      <div class="record-main">
        <a class={`record-link ${content?.reading ? "reading" : ""}`} href={formatView({ ...HOME, image: info.id })} data-row={info.row} data-index={index}
          tabIndex={current ? 0 : -1} onClick={opener(() => controller.openImage(info.id))}
          onFocus={() => props.onFocus(index)} onKeyDown={(event) => props.onKeyDown(event, index)}
          {...(content ? {} : { "aria-label": `Record ${place}` })}>
          {content ? <><bdi><Marked pieces={content.title} /></bdi><OfObject result={result} /></> : !failure && <span class="bone" />}
        </a>
        {failure && <p class="record-failed" role="alert">{failure} <Retry class="small" onClick={retry} /></p>}
        {content?.text && shape.textLines > 0 && (
          <p class="record-text">
            {content.text.label && <span class="record-label">{content.text.label}: </span>}
            <bdi><Marked pieces={content.text.pieces} /></bdi>
          </p>
        )}
        {!content && !failure && shape.textLines > 0 && <span class="record-text"><span class="bone wide" /></span>}
        {content && !shape.aside && content.values.length > 0 && <Values values={content.values.slice(0, shape.values)} room={room} />}
        {content && content.tags.length > 0 && <Tags content={content} room={room} current={current} />}
      </div>
      {shape.aside && <div class="record-aside">{content && <Values values={content.values.slice(0, shape.values)} />}</div>}
      <SelectMark chosen={chosen === true} label={`record ${place}`} />
      {info.local && <LocalBadge />}
    </li>
  );
});

/** @param room the width of their line in rem; each has a line of its own without it */
function Values({ values, room = Infinity }: { values: Value[]; room?: number }): JSX.Element {
  const pairs = values.map(({ field, value }) => ({ name: field.name, label: field.label, value: plain(value, field) }));
  return (
    <dl class="record-values">
      {pairs.slice(0, fittingValues(pairs, room)).map(({ name, label, value }) => (
        <div key={name}><dt>{label}</dt><dd><bdi>{value}</bdi></dd></div>
      ))}
    </dl>
  );
}

function Tags({ content, room, current }: { content: Content; room: number; current: boolean }): JSX.Element {
  const controller = useController();
  const view = useStore((state) => state.view);
  const all = content.tags.flatMap(({ field, value }) => (Array.isArray(value) ? value : [String(value)]).map((tag) => ({ field, tag, shown: shownValue(tag, field) })));
  const widths = all.map(({ shown }) => emWidth(shown) * TAG_FONT + TAG_SPACE);
  // A tag that is longer than the line is cut.
  const shown = all.slice(0, Math.max(1, fitting(widths, room, MORE_TAGS)));
  return (
    <ul class="record-tags" aria-label="Tags">
      {shown.map(({ field, tag, shown: label }) => {
        const able = field.facet && field.column;
        const chosen = view.filters.some((filter) => filter.field === field.name && filter.kind === "any" && filter.values.includes(tag));
        return (
          <li key={`${field.name} ${tag}`}>
            {able
              ? (
                <button type="button" class="tag" tabIndex={current ? 0 : -1} aria-pressed={chosen}
                  title={chosen ? `Remove the filter ${label}` : `Only results with ${label}`}
                  onClick={() => controller.go({ ...toggleValue(view, field.name, tag), image: null })}><span>{label}</span></button>
              )
              : <span class="tag"><span>{label}</span></span>}
          </li>
        );
      })}
      {all.length > shown.length && <li class="record-more"><span aria-hidden="true">+{count(all.length - shown.length)}</span><span class="visually-hidden">and {count(all.length - shown.length)} more</span></li>}
    </ul>
  );
}
