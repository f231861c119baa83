/** What else can be done with an open picture: slideshow, full screen, actual size; share, save, copy the credit. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { messageOf } from "../../base/errors";
import { useController, useStore } from "../context";
import { copyText } from "../parts/copy";
import { DownloadIcon } from "../parts/icons";
import { saveFile } from "../parts/save";
import { adopt } from "../parts/sheet";
import { credit, linkOf } from "../selection/credits";
import { pictureOf } from "../selection/files";
import { extensionOf, Names } from "../selection/names";
import { nameOf } from "./fields";
import sheet from "./tools.css?inline";
import type { FieldDefinition, ImageDocument, RowInfo } from "../../engine/types";

/** Milliseconds for which a slideshow shows a picture; longer for people who want little motion. */
const [SHOWN_MS, CALM_MS] = [5000, 10_000];

function glyph(path: string): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

interface StageProps {
  row: number;
  /** Whether another picture follows. */
  after: boolean;
  onStep: (by: 1) => void;
  /** Zooms so that a pixel of the picture is one of the screen. */
  onActual: () => void;
  /** Whether the picture is shown alone, without what is known about it. */
  alone: boolean;
  onAlone: (alone: boolean) => void;
}

/** Buttons over the picture. The keys are `s`, `f`, `i` and `1`. */
export function StageTools({ row, after, onStep, onActual, alone, onAlone }: StageProps): JSX.Element {
  adopt(sheet);
  const [running, setRunning] = useState(false);
  const [full, setFull] = useState(document.fullscreenElement !== null);
  const anchor = useRef<HTMLSpanElement>(null);
  const step = useRef(onStep);
  step.current = onStep;
  const playing = running && after;
  useEffect(() => {
    if (!playing) return;
    const wait = matchMedia("(prefers-reduced-motion: reduce)").matches ? CALM_MS : SHOWN_MS;
    // A page that nobody sees stays where it is.
    const timer = setInterval(() => { if (!document.hidden) step.current(1); }, wait);
    return () => clearInterval(timer);
  }, [playing, row]);
  useEffect(() => { if (!after) setRunning(false); }, [after]);
  const toggleFull = (): void => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else anchor.current?.closest(".detail-stage")?.requestFullscreen().catch(() => undefined);
  };
  useLayoutEffect(() => {
    const change = (): void => setFull(document.fullscreenElement !== null);
    const key = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) return;
      if (event.key === "s") setRunning((now) => !now);
      else if (event.key === "f") toggleFull();
      else if (event.key === "i") onAlone(!alone);
      else if (event.key === "1") onActual();
    };
    document.addEventListener("fullscreenchange", change);
    document.addEventListener("keydown", key);
    return () => {
      document.removeEventListener("fullscreenchange", change);
      document.removeEventListener("keydown", key);
    };
  });
  return (
    <span ref={anchor} class="stage-tools">
      <button type="button" class="icon-button actual" aria-label="1:1, actual size" title="Actual size (1)" onClick={onActual}><span aria-hidden="true">1:1</span></button>
      {(after || running) && (
        <button type="button" class="icon-button" aria-label={playing ? "Pause the slideshow" : "Start a slideshow"} title={playing ? "Pause (s)" : "Slideshow (s)"}
          onClick={() => setRunning(!running)}>{glyph(playing ? "M9 6v12M15 6v12" : "M8 5.5v13l10.5-6.5Z")}</button>
      )}
      {document.fullscreenEnabled && (
        <button type="button" class="icon-button" aria-label={full ? "Leave full screen" : "Full screen"} title={full ? "Leave full screen (f)" : "Full screen (f)"}
          onClick={toggleFull}>{glyph(full ? "M9 4v5H4M20 9h-5V4M4 15h5v5M15 20v-5h5" : "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5")}</button>
      )}
      <button type="button" class="icon-button about" aria-pressed={!alone} aria-label="Details" title={alone ? "Show the details (i)" : "Hide the details (i)"}
        onClick={() => onAlone(!alone)}>{glyph("M12 11v6M12 7.5v.01M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z")}</button>
    </span>
  );
}

const NO_FIELDS: FieldDefinition[] = [];

interface ActionProps {
  info: RowInfo;
  document: ImageDocument;
  /** Whether the original can be saved with a button of its own. */
  original: boolean;
}

/** Buttons below the name. */
export function ActionTools({ info, document, original }: ActionProps): JSX.Element {
  const controller = useController();
  const fields = useStore((state) => state.manifest?.fields ?? NO_FIELDS);
  const link = linkOf(info.id, controller.base);
  const picture = original || info.local ? null : pictureOf(controller, document, info.thumbnail);
  const share = (): void => {
    navigator.share({ title: nameOf(document), url: link }).catch((error: unknown) => {
      if (!(error instanceof DOMException && error.name === "AbortError")) controller.say("The browser did not allow sharing");
    });
  };
  const save = (): void => {
    if (!picture) return;
    picture.load(new AbortController().signal).then(
      (file) => saveFile(file, new Names().next(document.path, extensionOf(picture.path))),
      (error: unknown) => controller.say(messageOf(error)),
    );
  };
  return (
    <>
      {picture && <button type="button" class="button" title="Save the largest picture of this site" onClick={save}><DownloadIcon />Save</button>}
      {!info.local && typeof navigator.share === "function" && (
        <button type="button" class="button" onClick={share}>{glyph("M12 15V4m0 0L8 8m4-4 4 4M6 11H5v9h14v-9h-1")}Share</button>
      )}
      <button type="button" class="button" onClick={() => void copyText({ say: (text) => controller.say(text) }, credit(document, fields) + (info.local ? "" : `. ${link}`), "Credit copied")}>
        {glyph("M9 9h11v11H9zM5 15H4V4h11v1")}Copy credit
      </button>
    </>
  );
}
