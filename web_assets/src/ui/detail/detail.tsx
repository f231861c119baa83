/** One picture, large, with all its metadata. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { LocalTools } from "../additions/local";
import { useAddition, useOriginal } from "../additions/use-adding";
import { useController, useStore } from "../context";
import { useLoaded } from "../parts/hooks";
import { CloseIcon, DownloadIcon, LeftIcon, LinkIcon, RightIcon, SimilarIcon, ZoomInIcon, ZoomOutIcon } from "../parts/icons";
import { Later, useLater } from "../parts/later";
import { Retry } from "../parts/retry";
import { Modal } from "../parts/modal";
import { isDeep, originalLink, siteFile } from "../links";
import { indexOfId, placeAt } from "../state/list";
import { allowed } from "../parts/remote-picture";
import { entitle } from "../parts/title";
import { useThumbnail } from "../parts/use-thumbnail";
import { numbers, why } from "../results/why";
import { formatView, isBrowsing, isRanked } from "../state/view";
import { count } from "../wording";
import { nameOf } from "./fields";
import { Metadata } from "./metadata";
import { Original } from "./original";
import { Stage } from "./stage";
import { indexOfRows, usePages } from "./use-pages";
import { useView } from "./use-view";
import { FITTED, zoomAt, type Frame, type Zoom } from "./zoom";
import type { DeepViewer } from "./deep-viewer";
import type { FieldDefinition, Highlight, ImageDocument, RowInfo } from "../../engine/types";

export function Detail(): JSX.Element | null {
  const id = useStore((state) => state.view.image);
  const ready = useStore((state) => state.phase === "ready");
  return id && ready ? <Open id={id} /> : null;
}

export const beside = new Later(() => import("./more"), "ActionTools", "StageTools");
const turning = new Later(() => import("./pages"), "Pages");
const NONE: readonly string[] = [];
const NO_FIELDS: FieldDefinition[] = [];

interface Shown {
  info: RowInfo;
  document: ImageDocument;
}

function Open({ id }: { id: string }): JSX.Element {
  const controller = useController();
  const [attempt, setAttempt] = useState(0);
  const last = useRef(id);
  const version = useStore((state) => state.local.version);
  const found = useLoaded<RowInfo | null>(() => controller.infoOf(id), [id, attempt, version]);
  const shown = useRef<RowInfo | null>(null);
  // This picture stays while the next one is loaded.
  const info = found.state === "loading" ? shown.current : found.state === "ready" ? found.value : null;
  shown.current = info;
  const records = useStore((state) => state.manifest?.thumbnails.count === 0);
  const browsing = useStore((state) => isBrowsing(state.view));
  const close = (): void => controller.closeImage();
  const list = useStore((state) => state.list);
  const shownIn = useRef(list?.key);
  shownIn.current = list?.key;
  // On close, move the focus to the tile of the picture shown last (it may differ from the one opened), unless the
  // list has changed. A layout effect, because others are cleaned up some frames later.
  useLayoutEffect(() => () => {
    setTimeout(() => { if (controller.store.get().list?.key === shownIn.current) controller.results.focus(last.current); }, 0);
  }, []);

  const pages = usePages(info?.row ?? null);
  const own = info && list ? indexOfId(list, info.id) : -1;
  // Another page than the one in the list has the place of its object.
  const index = own < 0 && list && pages && pages.length > 1 ? indexOfRows(list, pages) : own;
  last.current = (own < 0 && index >= 0 && list && placeAt(list, index)?.info.id) || id;
  const step = (by: 1 | -1): void => {
    const next = index < 0 || !list ? null : placeAt(list, index + by);
    if (next) controller.openImage(next.info.id);
    else if (index >= 0 && list) void controller.loadPage(Math.floor((index + by) / list.page));
  };
  useEffect(() => {
    // Load the next page before the person reaches it.
    if (list && index >= 0 && (index % list.page) > list.page - 8) void controller.loadPage(Math.floor(index / list.page) + 1);
  }, [index]);
  useKeys((event) => {
    if (event.key === "ArrowLeft") step(-1);
    else if (event.key === "ArrowRight") step(1);
    else if (event.key === "m" && info) controller.moreLike(info.id);
  });
  const before = index > 0 && list !== null;
  const after = index >= 0 && list !== null && index + 1 < (list.exhausted ? list.length : Infinity);
  return (
    <Modal label={records ? "Record" : "Picture"} class="detail" onClose={close} focusSelf>
      {info
        ? <Picture key="picture" info={info} pages={pages} position={index} size={list?.total ?? null} before={before} after={after} onStep={step} onClose={close} />
        : (
          <div class="detail-empty">
            <button type="button" class="icon-button detail-close" aria-label="Close" onClick={close}><CloseIcon /></button>
            {found.state === "loading" && <p role="status"><span class="spinner" aria-hidden="true" />Loading…</p>}
            {found.state === "ready" && (
              <div>
                <p role="alert">This {records ? "record" : "picture"} isn't in the collection. It may have been removed.</p>
                <button type="button" class="button" onClick={close}>{browsing ? "Show the collection" : "Show the results"}</button>
              </div>
            )}
            {found.state === "failed" && (
              <p role="alert">{found.message}{" "}
                <Retry onClick={() => setAttempt((n) => n + 1)} />
              </p>
            )}
          </div>
        )}
    </Modal>
  );
}

/** Keys work wherever the focus is in the dialog, and also if the focused element has been removed. */
function useKeys(action: (event: KeyboardEvent) => void): void {
  const latest = useRef(action);
  latest.current = action;
  useLayoutEffect(() => {
    const key = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) return;
      latest.current(event);
    };
    document.addEventListener("keydown", key);
    return () => document.removeEventListener("keydown", key);
  }, []);
}

interface PictureProps {
  info: RowInfo;
  /** The rows of all pages of its object; null until they are known. */
  pages: readonly number[] | null;
  position: number;
  size: number | null;
  before: boolean;
  after: boolean;
  onStep: (by: 1 | -1) => void;
  onClose: () => void;
}

function Picture({ info, pages, position, size, before, after, onStep, onClose }: PictureProps): JSX.Element {
  const controller = useController();
  const text = useStore((state) => state.view.text.trim());
  const list = useStore((state) => state.list);
  const ranked = useStore((state) => isRanked(state.view));
  const vectors = useStore((state) => Boolean(state.manifest?.vectors));
  const version = useStore((state) => state.local.version);
  const origins = useStore((state) => state.manifest?.remote?.origins ?? NONE);
  const [zoom, setZoom] = useState<Zoom>(FITTED);
  const [alone, setAlone] = useState(false);
  const [attempt, setAttempt] = useState(0);
  const [frame, setFrame] = useState<Frame | null>(null);
  const thumbnail = useThumbnail(info.thumbnail);
  const loaded = useLoaded<Shown>(async () => ({ info, document: await controller.document(info.row) }), [info.row, attempt, version]);
  const document = loaded.state === "ready" && loaded.value.info === info ? loaded.value.document : null;
  const marks = useLoaded<{ row: number; highlights: Highlight[] }>(async () => ({
    row: info.row,
    highlights: text && controller.collection ? await controller.collection.highlight(info.row, text) : [],
  }), [info.row, text]);
  const highlights = marks.state === "ready" && marks.value.row === info.row ? marks.value.highlights : [];
  useLayoutEffect(() => setZoom(FITTED), [info.row]);
  const next = list && position >= 0 ? placeAt(list, position + 1) : null;
  const previous = list && position > 0 ? placeAt(list, position - 1) : null;
  useEffect(() => {
    if (!document) return;
    // The neighbours are fetched while this picture is shown.
    let current = true;
    const timer = setTimeout(() => {
      const documents = [next, previous].map((place) => (place ? controller.document(place.info.row).catch(() => null) : null));
      void Promise.all(documents).then((others) => {
        const urls = others.flatMap((other) => (other?.view ? siteFile(other.view.path, controller.base) : null) ?? []);
        if (current) controller.views.ahead(urls);
      });
    }, 250);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [document, next?.result.row, previous?.result.row]);

  const name = document ? nameOf(document) : "Picture";
  const title = document && name;
  // What stands below the title and the metadata appears in its place, once they have theirs.
  const once = useRef(false);
  once.current ||= (document !== null && pages !== null) || loaded.state === "failed";
  const known = once.current;
  useEffect(() => { entitle("picture", title); }, [title]);
  useEffect(() => () => { entitle("picture", null); }, []);
  const addition = useAddition(info.local ? info.id : null);
  const mine = useOriginal(info.local ? info.id : null);
  const viewFile = mine ?? (document?.view ? siteFile(document.view.path, controller.base) : null);
  const view = useView(viewFile);
  const remote = viewFile || !document ? null : allowed(document.remote?.image ?? document.remote?.thumbnail, origins);
  // Without a view, the thumbnail is the only picture.
  const only = document !== null && !viewFile && !remote;
  const bare = info.thumbnail === null && (only || (document === null && info.width === 0));
  const original = document?.original ? originalLink(document.original, controller.base) : null;
  const noun = bare ? "record" : "picture";
  const result = list && position >= 0 ? placeAt(list, position)?.result : undefined;
  const fields = useStore((state) => state.manifest?.fields ?? NO_FIELDS);
  const pictured = info.thumbnail !== null;
  const reasons = result ? why(result, pictured, marks.state === "ready" && marks.value.row === info.row ? highlights : null, fields) : [];
  const waited = useRef(false);
  waited.current ||= ranked && known && reasons.length === 0;
  const width = document?.view?.width ?? info.width;
  const height = document?.view?.height ?? info.height;
  const { module: more, failure, retry } = useLater(beside);
  const deep = useRef<DeepViewer | null>(null);
  const large = !bare && document?.view && info.width > width * 1.05 && isDeep(original, controller.base) ? original : null;
  const full = large ? info.width : width;
  const actual = (): void => {
    if (deep.current) deep.current.pixel(1 / devicePixelRatio);
    else setZoom((now) => (frame ? zoomAt(now, full / devicePixelRatio / frame.pictureWidth / now.scale, 0, 0, frame) : now));
  };
  const zoomBy = (factor: number): void => {
    if (deep.current) deep.current.zoomBy(factor);
    else setZoom((now) => (frame ? zoomAt(now, factor, 0, 0, frame) : now));
  };
  const fit = (): void => {
    if (deep.current) deep.current.fit();
    else setZoom(FITTED);
  };
  const copy = (): void => {
    // The search goes with it, but for the pictures that only this device has.
    const link = new URL(formatView({ ...controller.store.get().view, image: info.id, pictures: [] }), controller.base).href;
    navigator.clipboard.writeText(link).then(
      () => controller.say("Link copied"), () => controller.say("The link could not be copied"),
    );
  };
  useKeys((event) => {
    if (event.key === "+" || event.key === "=") zoomBy(1.5);
    else if (event.key === "-") zoomBy(1 / 1.5);
    else if (event.key === "0") fit();
  });
  return (
    <div class={`detail-split ${bare ? "bare" : alone ? "stripped alone" : "stripped"}`}>
      <div class="detail-stage">
        {!bare && <Stage name={name} host={remote && new URL(remote).host} thumbnail={thumbnail.url} view={remote ?? view.src}
          failed={view.failed || (only && thumbnail.failed)} lost={view.lost} onRetry={only ? thumbnail.retry : view.retry} width={width} height={height} full={full}
          placeholder={info.placeholder} zoom={zoom} onZoom={setZoom} onFrame={setFrame} onStep={onStep} onClose={onClose} />}
        {!bare && more && frame && <more.Zoomed key={info.row} name={name} original={large} zoom={zoom} frame={frame} width={width} full={full} onZoom={setZoom} handle={deep} />}
        <div class="stage-top">
          <button type="button" class="icon-button detail-close" aria-label="Close" aria-keyshortcuts="Escape" onClick={onClose}><CloseIcon /></button>
          {position >= 0 && <span class="stage-position">{size === null ? `Match ${count(position + 1)}` : `${count(position + 1)} of ${count(size)}`}</span>}
          {!bare && <span class="stage-zoom">
            <button type="button" class="icon-button" aria-label="Zoom out" disabled={zoom.scale <= 1} onClick={() => zoomBy(1 / 1.6)}><ZoomOutIcon /></button>
            <button type="button" class="icon-button" aria-label="Zoom in" onClick={() => zoomBy(1.6)}><ZoomInIcon /></button>
            {more && <more.StageTools row={info.row} after={after} onStep={onStep} onActual={actual} alone={alone} onAlone={setAlone} />}
          </span>}
        </div>
        <button type="button" class="icon-button step previous" aria-label={`Previous ${noun}`} disabled={!before} onClick={() => onStep(-1)}><LeftIcon /></button>
        <button type="button" class="icon-button step next" aria-label={`Next ${noun}`} disabled={!after} onClick={() => onStep(1)}><RightIcon /></button>
        {!bare && more && known && list && position >= 0 && <more.Strip list={list} position={position} />}
      </div>
      <div class="detail-info" tabIndex={0} role="region" aria-label={`About this ${noun}`}>
        <h2 aria-live="polite">{document ? name : "…"}</h2>
        {pages && pages.length > 1 && <ObjectPages rows={pages} row={info.row} />}
        {/* Results that are still searched for may say why it was found: their line keeps its place. */}
        {reasons.length === 0 && ranked && <p class="why kept" aria-hidden="true" />}
        {result && reasons.length > 0 && (
          <details class={`why ${waited.current ? "kept" : ""}`}>
            <summary title={numbers(result, pictured)}>{reasons.join(" · ")}</summary>
            <p>{numbers(result, pictured)}</p>
          </details>
        )}
        <div class={`actions ${known ? "" : "none"}`}>
          {vectors && <button type="button" class="button" onClick={() => controller.moreLike(info.id)}><SimilarIcon />More like this</button>}
          {!info.local && <button type="button" class="button" onClick={copy}><LinkIcon />Copy link</button>}
          {original && <Original href={original} own={!controller.views.plain && original.startsWith(controller.base)} />}
          {more && document && <more.ActionTools info={info} document={document} original={Boolean(original?.startsWith(controller.base))} />}
          {mine && addition && <a class="button" href={mine} download={addition.name}><DownloadIcon />Original</a>}
        </div>
        {addition && <LocalTools addition={addition} />}
        {loaded.state === "failed" && (
          <p class="message bad" role="alert">{loaded.message}{" "}
            <Retry class="small" onClick={() => setAttempt((n) => n + 1)} />
          </p>
        )}
        {document && <Metadata document={document} highlights={highlights} />}
        {known && more && <more.Similar id={info.id} />}
        {known && more && <more.SameTime info={info} document={document} />}
        {failure && <p class="message bad" role="alert">{failure}{" "}<Retry class="small" onClick={retry} /></p>}
      </div>
    </div>
  );
}

/** The pages of the object. Their place is kept until the script is there. */
function ObjectPages(props: { rows: readonly number[]; row: number }): JSX.Element {
  const { module, failure, retry } = useLater(turning);
  if (module) return <module.Pages {...props} />;
  return failure === null ? <div class="pages-soon" /> : <p class="message bad" role="alert">{failure}{" "}<Retry class="small" onClick={retry} /></p>;
}
