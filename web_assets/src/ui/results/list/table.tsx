/** The results as a table for wide screens: headings that sort stay in view. Only rows on or near the screen are drawn. */
import type { JSX } from "preact";
import { useRef } from "preact/hooks";

import { own } from "../../../base/own";
import { useController, useStore } from "../../context";
import { hasPictures } from "../../layout";
import { useWidth } from "../../parts/hooks";
import { memo } from "../../parts/memo";
import { opener } from "../../parts/opening";
import { Marked } from "../../parts/marked";
import { remoteThumbnail } from "../../parts/remote-picture";
import { Retry } from "../../parts/retry";
import { LongScrubber } from "../long";
import { SelectMark } from "../../selection/mark";
import { placeAt } from "../../state/list";
import { formatView, HOME } from "../../state/view";
import { count, plain } from "../../wording";
import { useRecord } from "./use-record";
import { contentOf } from "./content";
import { GapContent, rootFont } from "./list";
import { OfObject } from "./of-object";
import { Picture } from "./picture";
import type { RowProps } from "./record";
import { useRows } from "./use-rows";
import type { FieldDefinition, Manifest } from "../../../engine/types";

/** In rem. */
const [ROW, HEAD] = [3.25, 2.75];
const WIDTHS: Record<FieldDefinition["type"], string> = {
  text: "minmax(9rem, 1.4fr)", tags: "minmax(9rem, 1.4fr)", category: "minmax(7rem, 1fr)", url: "minmax(7rem, 1fr)",
  date: "minmax(7.5rem, 0.8fr)", number: "minmax(5.5rem, 0.6fr)", boolean: "minmax(4.5rem, 0.5fr)",
};

/** The fields of the columns after the first, which has the title. */
function columnsOf({ list, fields }: Manifest): FieldDefinition[] {
  return list.columns.flatMap((name) => fields.find((field) => field.name === name) ?? []);
}

/** The field that the first column shows and sorts by. */
function titleField({ list, fields }: Manifest): FieldDefinition | null {
  const name = list.title ?? list.text;
  return fields.find((field) => field.name === name) ?? null;
}

export function Table(): JSX.Element | null {
  const manifest = useStore((state) => state.manifest);
  const present = useStore((state) => state.list !== null);
  const element = useRef<HTMLDivElement>(null);
  const width = useWidth(element, present);
  const rem = rootFont();
  const height = Math.round(ROW * rem);
  const rows = useRows(element, width > 0 ? height : 0, Math.round(HEAD * rem));
  const { list } = rows;
  if (!list || !manifest) return null;
  const columns = columnsOf(manifest);
  const total = list.total ?? (list.exhausted ? list.length : -1);
  const pictured = hasPictures(manifest);
  const widths = `${pictured ? "3.5rem " : ""}minmax(14rem, 2.6fr) ${columns.map(({ type }) => WIDTHS[type]).join(" ")}`;
  return (
    <>
      <div id="results" class="table" role="table" aria-label="Results" aria-rowcount={total < 0 ? -1 : total + 1} aria-colcount={columns.length + 1}
        style={{ "--columns": widths, "--row": `${String(height)}px` }}>
        <div role="rowgroup" class="table-head">
          <div role="row" class="table-row" aria-rowindex={1}>
            {pictured && <span class="table-picture-head" />}
            <Heading field={titleField(manifest)} label={titleField(manifest)?.label ?? "Name"} />
            {columns.map((field) => <Heading key={field.name} field={field} label={field.label} />)}
          </div>
        </div>
        <div ref={element} role="rowgroup" class="table-body" data-stage={list.stage} data-key={list.key} style={{ height: `${String(rows.height)}px` }}>
          {rows.shown.map((index) => {
            const place = placeAt(list, index);
            return place && (
              <TableRow key={place.result.row} index={index} size={total} top={rows.topOf(index)} height={height} result={place.result} info={place.info}
                manifest={manifest} current={index === rows.current} chosen={rows.chosenOf(place.info.id)} onFocus={rows.onFocus} onKeyDown={rows.onKeyDown} />
            );
          })}
          {rows.gaps.map((gap) => (
            <div key={`page-${String(gap.page)}`} class={gap.failure === null ? "records-waiting" : "grid-failed"} {...(gap.failure === null ? { role: "presentation" } : { role: "row" })}
              style={{ transform: `translateY(${String(gap.top)}px)`, height: `${String(gap.height)}px` }}>
              {gap.failure !== null && <div role="cell"><GapContent gap={gap} /></div>}
            </div>
          ))}
        </div>
      </div>
      {rows.scrub && <LongScrubber {...rows.scrub} />}
    </>
  );
}

/** A heading; a click sorts by the field, another one turns the order, a third one returns to the order before. */
function Heading({ field, label }: { field: FieldDefinition | null; label: string }): JSX.Element {
  const controller = useController();
  const view = useStore((state) => state.view);
  const sortable = field !== null && field.column && field.type !== "tags" && view.data === null;
  const sort = sortable && view.sort?.field === field.name ? view.sort.direction : null;
  const first = field?.type === "number" || field?.type === "date" ? "descending" : "ascending";
  const turn = (): void => {
    if (!field) return;
    const direction = sort === null ? first : sort === first ? (first === "ascending" ? "descending" : "ascending") : null;
    controller.go({ ...view, sort: direction && { field: field.name, direction }, image: null });
  };
  return (
    <span role="columnheader" class={`table-heading ${field?.type === "number" ? "number" : ""}`} aria-sort={sort ?? "none"}>
      {sortable
        ? <button type="button" onClick={turn} title={`Sort by ${label}`}>{label}<span class={`sort-mark ${sort ?? ""}`} aria-hidden="true" /></button>
        : <span class="heading-text">{label}</span>}
    </span>
  );
}

const TableRow = memo(function TableRow(props: RowProps): JSX.Element {
  const { index, top, height, info, manifest, current, chosen } = props;
  const controller = useController();
  const text = useStore((state) => (state.view.mode === "meaning" ? "" : state.view.text.trim()));
  const { document, highlights, failure, retry } = useRecord(info.row, text);
  const content = document && contentOf(document, manifest.list, manifest.fields, highlights);
  return (
    <div role="row" class={`table-row ${chosen ? "chosen" : ""}`} aria-rowindex={index + 2} style={{ transform: `translateY(${String(top)}px)`, height: `${String(height)}px` }}>
      {hasPictures(manifest) && <Picture info={info} remote={remoteThumbnail(document?.remote, manifest.remote?.origins ?? [])} />}
      <span role="cell" class="table-title">
        <SelectMark chosen={chosen === true} label={`record ${count(index + 1)}`} />
        <a class="record-link" href={formatView({ ...HOME, image: info.id })} data-row={info.row} data-index={index} tabIndex={current ? 0 : -1}
          onClick={opener(() => controller.openImage(info.id))} onFocus={() => props.onFocus(index)} onKeyDown={(event) => props.onKeyDown(event, index)}
          {...(content ? {} : { "aria-label": `Record ${count(index + 1)}` })}>
          {content ? <><bdi><Marked pieces={content.title} /></bdi><OfObject result={props.result} /></> : !failure && <span class="bone" />}
        </a>
        {failure && <span class="record-failed" role="alert">{failure} <Retry class="small" onClick={retry} /></span>}
      </span>
      {columnsOf(manifest).map((field) => {
        const value = document ? own(document.fields, field.name) : undefined;
        const shown = value === undefined ? "" : plain(value, field);
        return <span key={field.name} role="cell" class={`table-cell ${field.type === "number" ? "number" : ""}`} title={shown}><bdi>{shown}</bdi></span>;
      })}
    </div>
  );
});
