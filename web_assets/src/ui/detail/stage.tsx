/** The picture of the detail view: fitted, zoomed by wheel, pinch, double click and keys, swiped to the next. */
import type { JSX, TargetedEvent } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { Placeholder } from "../parts/placeholder";
import { Retry, useAway } from "../parts/retry";
import { useDrawnDown } from "./use-drawn-down";
import { fit, FITTED, MAX_ZOOM, pan, swipeOf, zoomAt, type Frame, type Zoom } from "./zoom";

interface Props {
  name: string;
  /** The host of the picture if it is not this site. */
  host: string | null;
  /** The thumbnail and the larger picture, as far as they are loaded. */
  thumbnail: string | null;
  view: string | null;
  /** Whether the larger picture, or the only one, could not be loaded. */
  failed: boolean;
  /** Whether that was because nobody answers. */
  lost: boolean;
  onRetry: () => void;
  /** The size of the largest available picture, in pixels; 0 if only the picture itself knows it. */
  width: number;
  height: number;
  /** The width of the original if it can be zoomed into, else of the largest picture. */
  full: number;
  placeholder: Uint8Array;
  zoom: Zoom;
  onZoom: (change: (zoom: Zoom) => Zoom) => void;
  /** Called with the sizes of stage and picture when they change. */
  onFrame: (frame: Frame) => void;
  onStep: (step: 1 | -1) => void;
  /** Called when the picture is drawn down by a finger. */
  onClose: () => void;
}

/** The largest factor by which small pictures are enlarged, so that they do not look blurred. */
const ENLARGE = 2;

/** A picture that a finger draws down further than this (CSS pixels) is closed. */
const FAR_DOWN = 90;

/** The size that is assumed of a picture until it has arrived. */
const UNKNOWN = { width: 1024, height: 1024 };

interface Drag {
  x: number;
  y: number;
  startX: number;
  startY: number;
  startTime: number;
}

export function Stage(props: Props): JSX.Element {
  const { name, host, thumbnail, view, failed, lost, onRetry, width, height, full, placeholder, zoom, onZoom, onFrame, onStep, onClose } = props;
  const stage = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [sharp, setSharp] = useState<"loading" | "shown" | "failed">("loading");
  const [shift, setShift] = useState({ x: 0, y: 0 });
  const [own, setOwn] = useState(UNKNOWN);
  const drags = useRef(new Map<number, Drag>());
  const lastTap = useRef({ time: 0, x: 0, y: 0 });
  /** Whether the last pointer was a mouse: two taps of a finger are a double click, too, and have been understood before. */
  const mouse = useRef(false);

  const drawn = useDrawnDown(stage, zoom.scale <= 1.01);

  useLayoutEffect(() => {
    const element = stage.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    setSize({ width: element.clientWidth, height: element.clientHeight });
    return () => observer.disconnect();
  }, []);
  // Before the picture can have arrived: from the disk it is here at once.
  useLayoutEffect(() => setSharp("loading"), [view]);

  const fitted = fit(width || own.width, height || own.height, size.width, size.height, ENLARGE);
  const frame: Frame = { ...size, pictureWidth: fitted.width, pictureHeight: fitted.height, most: Math.max(MAX_ZOOM, (4 * full) / Math.max(1, fitted.width)) };
  useLayoutEffect(() => onFrame(frame), [size, fitted.width, fitted.height, full]);
  const change = (make: (zoom: Zoom, frame: Frame) => Zoom): void => onZoom((now) => make(now, frame));
  const fromCentre = (event: { clientX: number; clientY: number }): { x: number; y: number } => {
    const box = stage.current!.getBoundingClientRect();
    return { x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 };
  };
  const toggle = (event: { clientX: number; clientY: number }): void => {
    const at = fromCentre(event);
    change((now, limits) => (now.scale > 1.01 ? FITTED : zoomAt(now, 2.5, at.x, at.y, limits)));
  };

  useEffect(() => {
    // Not passive, because the wheel zooms here instead of scrolling.
    const element = stage.current;
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      const at = fromCentre(event);
      const factor = Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : event.ctrlKey ? 0.01 : 0.002));
      change((now, limits) => zoomAt(now, factor, at.x, at.y, limits));
    };
    element?.addEventListener("wheel", wheel, { passive: false });
    return () => element?.removeEventListener("wheel", wheel);
  });

  const down = (event: TargetedEvent<HTMLDivElement, PointerEvent>): void => {
    mouse.current = event.pointerType === "mouse";
    if (mouse.current && event.button !== 0) return;
    if ((event.target as Element).closest("button")) return;
    const { clientX: x, clientY: y } = event;
    drags.current.set(event.pointerId, { x, y, startX: x, startY: y, startTime: event.timeStamp });
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const move = (event: TargetedEvent<HTMLDivElement, PointerEvent>): void => {
    const drag = drags.current.get(event.pointerId);
    if (!drag) return;
    const [one, two] = [...drags.current.entries()];
    if (one && two) {
      const other = one[0] === event.pointerId ? two[1] : one[1];
      const before = Math.hypot(drag.x - other.x, drag.y - other.y);
      const after = Math.hypot(event.clientX - other.x, event.clientY - other.y);
      const middle = fromCentre({ clientX: (event.clientX + other.x) / 2, clientY: (event.clientY + other.y) / 2 });
      if (before > 0) change((now, limits) => zoomAt(now, after / before, middle.x, middle.y, limits));
    } else if (zoom.scale > 1.01) {
      const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
      change((now, limits) => pan(now, dx, dy, limits));
    } else if (event.pointerType !== "mouse") {
      const [x, y] = [event.clientX - drag.startX, event.clientY - drag.startY];
      setShift(drawn.current ? { x: 0, y: Math.max(0, y) } : { x, y: 0 });
    }
    drag.x = event.clientX;
    drag.y = event.clientY;
  };
  const up = (event: TargetedEvent<HTMLDivElement, PointerEvent>): void => {
    const drag = drags.current.get(event.pointerId);
    drags.current.delete(event.pointerId);
    setShift({ x: 0, y: 0 });
    if (!drag || drags.current.size || event.type === "pointercancel") return;
    const dx = event.clientX - drag.startX;
    const dy = event.clientY - drag.startY;
    if (event.pointerType === "mouse") return;
    if (zoom.scale <= 1.01) {
      const swipe = swipeOf(dx, dy, dx / Math.max(1, event.timeStamp - drag.startTime));
      if (drawn.current) {
        if (dy > FAR_DOWN) onClose();
      } else if (swipe) onStep(swipe === "next" ? 1 : -1);
    }
    if (Math.hypot(dx, dy) > 10) return;
    const tap = lastTap.current;
    if (event.timeStamp - tap.time < 300 && Math.hypot(event.clientX - tap.x, event.clientY - tap.y) < 30) {
      toggle(event);
      lastTap.current = { time: 0, x: 0, y: 0 };
    } else {
      lastTap.current = { time: event.timeStamp, x: event.clientX, y: event.clientY };
    }
  };
  const transform = `translate(${String(zoom.x + shift.x)}px, ${String(zoom.y + shift.y)}px) scale(${String(zoom.scale)})`;
  return (
    <div ref={stage} class={`stage ${zoom.scale > 1.01 ? "zoomed" : ""}`} onPointerDown={down} onPointerMove={move}
      onPointerUp={up} onPointerCancel={up} onDblClick={(event) => {
        if (mouse.current && !(event.target as Element).closest("button")) toggle(event);
      }}>
      {/* Not before the stage is measured: a picture that grows from nothing would move. */}
      {size.width > 0 && <div class="stage-picture" style={{ width: `${String(fitted.width)}px`, height: `${String(fitted.height)}px`, transform }}>
        {sharp !== "shown" && <Placeholder hash={placeholder} />}
        {thumbnail && sharp !== "shown" && <img src={thumbnail} alt={view ? "" : name} draggable={false} class="shown" />}
        {view && sharp !== "failed" && (
          <img key={view} src={view} alt={name} draggable={false} decoding="async"
            referrerpolicy="no-referrer" class={sharp === "shown" ? "shown" : ""} onError={() => setSharp("failed")}
            onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => {
              setOwn({ width: naturalWidth, height: naturalHeight });
              setSharp("shown");
            }} />
        )}
      </div>}
      {(failed || sharp === "failed") && (
        <Missing what={thumbnail ? "larger picture" : "picture"} host={host} lost={lost} view={view} onRetry={() => { setSharp("loading"); onRetry(); }} />
      )}
    </div>
  );
}

/** Why there is no picture, or only a small one, and what can be done about it. */
function Missing({ what, host, lost, view, onRetry }: { what: string; host: string | null; lost: boolean; view: string | null; onRetry: () => void }): JSX.Element {
  const away = useAway(onRetry);
  if (away) return <div class="stage-failed" role="status"><span>You are offline, and the {what} isn't on this device.</span></div>;
  return (
    <div class="stage-failed" role="alert">
      <span>The {what} could not be loaded{host ? ` from ${host}` : lost ? ": the site cannot be reached" : ""}.</span>
      <Retry class="small" onClick={onRetry} />
      {host && view && <a class="button small" href={view} target="_blank" rel="noopener noreferrer">Open it there</a>}
    </div>
  );
}
