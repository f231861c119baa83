/** Mouse, fingers and keys on the map, as movements. It knows nothing of what is moved. */

export interface Moves {
  /** A drag of CSS pixels; `aside` with the second button or two fingers. */
  drag(right: number, down: number, aside: boolean): void;
  zoom(factor: number, left: number, top: number): void;
  /** A click or tap. */
  pick(left: number, top: number): void;
  hover(left: number, top: number): void;
  leave(): void;
  /** What a drag does now. */
  drawing(): boolean;
  /** A line is drawn: its corners as x, y, x, y, … in CSS pixels; `ended` when the button is released. */
  drawn(line: readonly number[], ended: boolean): void;
}

/** A pointer that moved less than this many CSS pixels was a click. */
const CLICK = 5;
/** The distance in CSS pixels between two corners of a drawn line. */
const STEP = 4;

interface Finger {
  left: number;
  top: number;
}

/** Follows the pointers on an element; the returned function ends that. */
export function followPointers(element: HTMLElement, moves: Moves): () => void {
  const fingers = new Map<number, Finger>();
  let line: number[] | null = null;
  let moved = 0;
  const placeOf = (event: PointerEvent | WheelEvent | MouseEvent): Finger => {
    const box = element.getBoundingClientRect();
    return { left: event.clientX - box.left, top: event.clientY - box.top };
  };
  const down = (event: PointerEvent): void => {
    if (event.button > 2 || (event.target as Element).closest("button, a")) return;
    fingers.set(event.pointerId, placeOf(event));
    element.setPointerCapture(event.pointerId);
    if (fingers.size === 1) {
      moved = 0;
      line = moves.drawing() && event.button === 0 ? Object.values(placeOf(event)) as number[] : null;
    } else {
      // A second finger ends what the first one began to draw.
      line = null;
      moved = Infinity;
    }
  };
  const move = (event: PointerEvent): void => {
    const old = fingers.get(event.pointerId);
    const now = placeOf(event);
    if (!old) {
      if (event.pointerType === "mouse") moves.hover(now.left, now.top);
      return;
    }
    const [right, below] = [now.left - old.left, now.top - old.top];
    moved += Math.hypot(right, below);
    if (line) {
      if (Math.hypot(now.left - line.at(-2)!, now.top - line.at(-1)!) >= STEP) line.push(now.left, now.top);
      fingers.set(event.pointerId, now);
      moves.drawn(line, false);
      return;
    }
    const others = [...fingers].filter(([id]) => id !== event.pointerId).map(([, finger]) => finger);
    fingers.set(event.pointerId, now);
    const other = others[0];
    if (!other) {
      if (moved > CLICK) moves.drag(right, below, event.shiftKey || (event.buttons & 6) !== 0);
      return;
    }
    const [before, after] = [Math.hypot(old.left - other.left, old.top - other.top), Math.hypot(now.left - other.left, now.top - other.top)];
    moves.drag(right / 2, below / 2, true);
    if (before > 1 && after > 1) moves.zoom(after / before, (now.left + other.left) / 2, (now.top + other.top) / 2);
  };
  const up = (event: PointerEvent): void => {
    if (!fingers.delete(event.pointerId)) return;
    const { left, top } = placeOf(event);
    if (line && event.type === "pointerup") moves.drawn(line, true);
    else if (moved <= CLICK && event.type === "pointerup" && event.button === 0) moves.pick(left, top);
    line = null;
  };
  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const { left, top } = placeOf(event);
    const lines = event.deltaMode === 1 ? 24 : event.deltaMode === 2 ? 400 : 1;
    // A pinch on a touchpad arrives as a wheel with the control key, in small steps.
    moves.zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0018)), left, top);
  };
  const twice = (event: MouseEvent): void => {
    const { left, top } = placeOf(event);
    if (!(event.target as Element).closest("button, a")) moves.zoom(2, left, top);
  };
  const menu = (event: Event): void => event.preventDefault();
  const leave = (): void => moves.leave();
  const listeners: [string, (event: never) => void, AddEventListenerOptions?][] = [
    ["pointerdown", down], ["pointermove", move], ["pointerup", up], ["pointercancel", up], ["pointerleave", leave],
    ["wheel", wheel, { passive: false }], ["dblclick", twice], ["contextmenu", menu],
  ];
  for (const [name, listener, options] of listeners) element.addEventListener(name, listener as EventListener, options);
  return () => {
    for (const [name, listener] of listeners) element.removeEventListener(name, listener as EventListener);
  };
}

/** What a key does: a movement in CSS pixels, or a factor. */
export type KeyMove = { kind: "move"; right: number; down: number } | { kind: "zoom"; factor: number } | { kind: "fit" };

const KEYS: ReadonlyMap<string, KeyMove> = new Map<string, KeyMove>([
  ["ArrowLeft", { kind: "move", right: 60, down: 0 }], ["ArrowRight", { kind: "move", right: -60, down: 0 }],
  ["ArrowUp", { kind: "move", right: 0, down: 60 }], ["ArrowDown", { kind: "move", right: 0, down: -60 }],
  ["+", { kind: "zoom", factor: 1.4 }], ["=", { kind: "zoom", factor: 1.4 }], ["-", { kind: "zoom", factor: 1 / 1.4 }], ["_", { kind: "zoom", factor: 1 / 1.4 }],
  ["0", { kind: "fit" }], ["Home", { kind: "fit" }],
]);

export function moveOf(key: string): KeyMove | null {
  return KEYS.get(key) ?? null;
}
