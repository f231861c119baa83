/** One picture of the grid: a link to its detail view, with its name and why it was found on hover and focus. */
import type { JSX, TargetedEvent, TargetedKeyboardEvent, TargetedMouseEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { LocalBadge } from "../../additions/local";
import { useController } from "../../context";
import { creditOf, nameOf } from "../../detail/fields";
import { SimilarIcon, StackIcon } from "../../parts/icons";
import { useLater } from "../../parts/later";
import { TileRetry } from "../../parts/retry";
import { memo } from "../../parts/memo";
import { foldsPages } from "../../state/list";
import { count, pageOfObject } from "../../wording";
import { formatView, HOME } from "../../state/view";
import { Placeholder } from "../../parts/placeholder";
import { useThumbnail } from "../../parts/use-thumbnail";
import { SelectMark } from "../../selection/mark";
import { numbers, why } from "../why";
import { readable } from "../readable";
import type { Highlight, Result, RowInfo } from "../../../engine/types";

interface Props {
  index: number;
  /** The number of places in the list; −1 if the ranking has no known end. */
  size: number;
  left: number;
  top: number;
  width: number;
  height: number;
  /** The height of the caption below it; 0 if there is none. */
  caption: number;
  result: Result;
  info: RowInfo;
  /** The tile the Tab key leads to. */
  current: boolean;
  onFocus: (index: number) => void;
  onKeyDown: (event: TargetedKeyboardEvent<HTMLElement>, index: number) => void;
  /** Whether it is chosen; null if nothing is. */
  chosen: boolean | null;
  /** How many others of its group there are, and whether they are shown. */
  others: number;
  spread: boolean;
  onToggle: (row: number) => void;
}

/** How long (ms) a picture is on screen before its name is loaded, so that results that are soon replaced load none; less if names are shown. */
const [NAME_DELAY_MS, SHOWN_NAME_DELAY_MS] = [600, 250];

/** A picture that arrives within this many ms appears without fading in, because a fade takes a dozen frames. */
const NO_FADE_MS = 300;

/** Waits until a picture has been on screen for a while, nothing better is being searched for, and the browser is idle. */
function whenSettled(delay: number, busy: () => boolean, action: () => void): () => void {
  let handle: number | undefined;
  let timer: ReturnType<typeof setTimeout>;
  const begin = (): void => {
    if (busy()) timer = setTimeout(begin, delay);
    else if (typeof requestIdleCallback === "function") handle = requestIdleCallback(action, { timeout: 3000 });
    else action();
  };
  timer = setTimeout(begin, delay);
  return () => {
    clearTimeout(timer);
    if (handle !== undefined) cancelIdleCallback(handle);
  };
}

function sparing(): boolean {
  return (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true;
}

/** What a tile shows instead of a picture of the site: it is the name of the link. Without its script the tile can still be opened. */
function Text({ row, name, page }: { row: number; name: string; page: string | undefined }): JSX.Element {
  const { module } = useLater(readable);
  return (
    <>
      {module ? <module.Card row={row} name={name} /> : <span class="visually-hidden">{name}</span>}
      {page && <span class="visually-hidden">, {page}</span>}
    </>
  );
}

export const Tile = memo(function Tile(props: Props): JSX.Element {
  const { index, size, left, top, width, height, caption, result, info, current, chosen, others, spread } = props;
  const controller = useController();
  const { url, failed, retry } = useThumbnail(info.thumbnail);
  const [name, setName] = useState<string | null>(null);
  /** For the contact sheet on paper. */
  const [credit, setCredit] = useState<string | null>(null);
  const [looked, setLooked] = useState(false);
  const [highlights, setHighlights] = useState<Highlight[] | null>(null);
  const [born] = useState(() => performance.now());
  const [broken, setBroken] = useState(false);
  const alive = useRef(true);
  useEffect(() => () => { alive.current = false; }, []);

  const learnName = (): void => {
    controller.document(info.row).then(
      (document) => {
        if (!alive.current) return;
        setName(nameOf(document));
        setCredit(creditOf(document));
      },
      () => undefined,
    );
  };
  const forget = useRef<(() => void) | null>(null);
  useEffect(() => () => forget.current?.(), []);
  // Names are loaded after the pictures, except for the focused tile, which loads its name immediately.
  const learnLater = (): void => {
    if (name === null && (caption > 0 || !sparing())) forget.current ??= whenSettled(caption ? SHOWN_NAME_DELAY_MS : NAME_DELAY_MS, () => controller.store.get().pending !== null, learnName);
  };
  useEffect(() => { if (failed || !info.thumbnail) learnLater(); }, [failed]);
  /** Done without redrawing the tile, because the cost adds up over all pictures on screen. */
  const onLoad = ({ currentTarget: { classList } }: TargetedEvent<HTMLImageElement>): void => {
    classList.add("shown");
    if (performance.now() - born < NO_FADE_MS) classList.add("quick");
    learnLater();
  };

  const look = (): void => {
    if (looked) return;
    setLooked(true);
    if (name === null) learnName();
    const { collection, store } = controller;
    // Until it is known which field has the words, it is only said that the text has them.
    if (result.matched?.length) collection?.highlight(info.row, store.get().view.text).then((found) => { if (alive.current) setHighlights(found); }, () => undefined);
  };
  const open = (event: TargetedMouseEvent<HTMLAnchorElement>): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    controller.openImage(info.id);
  };
  const pictured = info.thumbnail !== null;
  const reasons = looked ? why(result, pictured, highlights, controller.store.get().manifest?.fields ?? []) : [];
  const { view, manifest } = controller.store.get();
  const page = result.page && pageOfObject(result.page, foldsPages(view, manifest));
  if (page && looked) reasons.push(page);
  const called = name ?? `Picture ${count(index + 1)}${size > 0 ? ` of ${count(size)}` : ""}`;
  const label = called + (page ? `, ${page}` : "");
  const lost = failed || broken;
  return (
    <li class={`tile ${others || result.duplicateOf !== undefined ? "grouped" : ""} ${spread || result.duplicateOf !== undefined ? "spread" : ""} ${chosen ? "chosen" : ""}`} aria-posinset={index + 1} aria-setsize={size}
      style={{ transform: `translate(${left.toFixed(2)}px, ${top.toFixed(2)}px)`, width: `${width.toFixed(2)}px`, height: `${(height + caption).toFixed(2)}px` }}>
      <a class="tile-link" href={formatView({ ...HOME, image: info.id })} data-row={info.row} data-index={index}
        tabIndex={current ? 0 : -1} aria-label={pictured ? label : undefined} data-credit={credit ?? undefined} title={looked ? numbers(result, pictured) : ""} onClick={open} onPointerEnter={look}
        onFocus={() => { look(); props.onFocus(index); }} onKeyDown={(event) => props.onKeyDown(event, index)}>
        <Placeholder hash={info.placeholder} covered={url !== null && !broken} />
        {url && !broken && (
          <img src={url} alt="" draggable={false} decoding="async"
            onLoad={onLoad} onError={() => setBroken(true)} />
        )}
        {!pictured && <Text row={info.row} name={called} page={page} />}
      </a>
      {info.local && <LocalBadge />}
      {page && !lost && <span class="tile-pages" aria-hidden="true" style={{ bottom: `${String(caption + 6)}px` }}>{page}</span>}
      {caption > 0 && pictured && <span class="tile-below" aria-hidden="true">{name}</span>}
      {looked && !lost && pictured && ((!caption && name) || reasons.length > 0) && (
        <span class="tile-caption" aria-hidden="true">
          {!caption && name && <span class="tile-name">{name}</span>}
          {reasons.length > 0 && <span class="tile-why">{reasons.join(" · ")}</span>}
        </span>
      )}
      {others > 0 && (
        <button type="button" class="tile-group" tabIndex={current ? 0 : -1} aria-expanded={spread}
          aria-label={`${spread ? "Hide" : `+${count(others)}`} ${others === 1 && !spread ? "look-alike" : "look-alikes"} of ${label}`} title={spread ? "Hide look-alikes" : "Show look-alikes"}
          onClick={() => props.onToggle(result.row)}>
          <StackIcon />{spread ? "Hide" : `+${count(others)}`}
        </button>
      )}
      {(looked || chosen !== null) && <SelectMark chosen={chosen === true} label={label} />}
      {lost
        ? <TileRetry label={label} onClick={() => { setBroken(false); retry(); }} />
        : (looked || name !== null) && controller.store.get().manifest?.vectors && (
          <button type="button" class="tile-like" tabIndex={-1} title="More like this" aria-label={`More like ${label}`}
            onClick={() => controller.moreLike(info.id)}>
            <SimilarIcon />
          </button>
        )}
    </li>
  );
});
