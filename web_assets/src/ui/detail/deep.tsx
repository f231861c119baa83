/** What a zoomed picture has: its scale and a way back, and its original as soon as the published picture is too small. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { connectionOf, isMetered } from "../connection";
import { Later, useLater } from "../parts/later";
import { Retry, useAway } from "../parts/retry";
import { adopt } from "../parts/sheet";
import sheet from "./deep.css?inline";
import { useOriginal } from "./use-original";
import { FITTED, partOf, zoomTo, type Frame, type Zoom } from "./zoom";
import type { DeepViewer } from "./deep-viewer";

const viewer = new Later(() => import("./deep-viewer"), "openDeep");
const CALM = "(prefers-reduced-motion: reduce)";
/** Nobody zooms any more when the picture has stayed for this long (ms). */
const QUIET_MS = 300;
/** Zoomed in further than this. */
const ZOOMED = 1.01;

interface Props {
  name: string;
  /** The address of the original; null if it is not published, or not larger than the picture that is shown. */
  original: string | null;
  zoom: Zoom;
  frame: Frame;
  /** The widths of the picture that is shown and of the original, in pixels. */
  width: number;
  full: number;
  onZoom: (zoom: Zoom) => void;
  /** Where the viewer of the original is found while it is shown. */
  handle: { current: DeepViewer | null };
}

export function Zoomed(props: Props): JSX.Element | null {
  adopt(sheet);
  const { original, zoom, frame, width, full, onZoom, handle } = props;
  const pixels = frame.pictureWidth * zoom.scale * devicePixelRatio;
  const [asked, setAsked] = useState(false);
  const [open, setOpen] = useState(false);
  const { deep, retry, fail } = useOriginal(asked ? original : null);
  const zoomed = zoom.scale > ZOOMED;
  const blurred = original !== null && zoomed && pixels > width * ZOOMED;
  const quiet = useQuiet(zoom);
  const latest = useRef((): void => undefined);
  const offered = blurred && !asked && isMetered(connectionOf(navigator));
  useEffect(() => { if (blurred && !offered) setAsked(true); }, [blurred, offered]);
  useEffect(() => { if (blurred && quiet && deep.state === "ready") setOpen(true); }, [blurred, quiet, deep.state]);
  useEffect(() => { if (!zoomed || deep.state !== "ready") setOpen(false); }, [zoomed, deep.state]);
  useLayoutEffect(() => {
    if (!zoomed) return;
    // The Escape key leaves the zoom, and only then the picture.
    const cancel = (event: Event): void => {
      if (!(event.target instanceof HTMLDialogElement && event.target.matches(".detail"))) return;
      event.preventDefault();
      event.stopPropagation();
      latest.current();
    };
    document.addEventListener("cancel", cancel, true);
    return () => document.removeEventListener("cancel", cancel, true);
  }, [zoomed]);
  const fit = (): void => {
    if (handle.current) handle.current.fit();
    else onZoom(FITTED);
  };
  latest.current = fit;
  return (
    <>
      {open && deep.state === "ready" && <Deep {...props} src={deep.src} onFail={fail} />}
      {zoomed && (
        <div class="zoom-bar">
          <span class="zoom-scale">{String(Math.round((100 * pixels) / full))} %</span>
          <button type="button" class="button small" title="Fit (0)" onClick={fit}>Fit</button>
          {offered && <button type="button" class="button small" onClick={() => setAsked(true)}>Load the original</button>}
          {blurred && deep.state === "loading" && <Loading part={deep.part} />}
          {blurred && deep.state === "failed" && <Failed onRetry={retry}>The original could not be loaded{deep.lost ? ": the site cannot be reached" : ""}.</Failed>}
        </div>
      )}
    </>
  );
}

function Loading({ part }: { part: number | null }): JSX.Element {
  return (
    <span class="zoom-loading" role="status">Loading the original
      <progress aria-label="Loading the original" {...(part === null ? {} : { value: part })} />
    </span>
  );
}

function Failed({ onRetry, children }: { onRetry: () => void; children: ComponentChildren }): JSX.Element {
  const away = useAway(onRetry);
  if (away) return <span role="status">You are offline, and the original isn't on this device.</span>;
  return <span class="zoom-failed" role="alert">{children}<Retry class="small" onClick={onRetry} /></span>;
}

interface DeepProps extends Props {
  src: string;
  onFail: () => void;
}

function Deep({ name, src, zoom, frame, full, onZoom, handle, onFail }: DeepProps): JSX.Element | null {
  const place = useRef<HTMLDivElement>(null);
  const [shown, setShown] = useState(false);
  const { module, failure, retry } = useLater(viewer);
  const now = useRef({ zoom, frame });
  now.current = { zoom, frame };
  useEffect(() => {
    if (!module || !place.current) return;
    const { most = 1, pictureWidth } = frame;
    const opened = module.openDeep(place.current, src, {
      part: partOf(now.current.zoom, now.current.frame), most: (most * pictureWidth) / full, calm: matchMedia(CALM).matches, onFail,
      onShown: () => {
        handle.current = opened;
        setShown(true);
      },
      onMove: (part) => onZoom(zoomTo(part, now.current.frame)),
      onFitted: () => onZoom(FITTED),
    });
    return () => {
      handle.current = null;
      opened.close();
    };
  }, [module, src]);
  if (failure) return <div class="zoom-bar below"><Failed onRetry={retry}>{failure}</Failed></div>;
  return <div ref={place} class={`deep ${shown ? "shown" : ""}`} role="img" aria-label={name} />;
}

/** Whether the picture has not been zoomed or moved for a while. */
function useQuiet(zoom: Zoom): boolean {
  const [quiet, setQuiet] = useState(false);
  useEffect(() => {
    setQuiet(false);
    const timer = setTimeout(() => setQuiet(true), QUIET_MS);
    return () => clearTimeout(timer);
  }, [zoom]);
  return quiet;
}
