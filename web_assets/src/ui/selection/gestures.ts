/** What chooses results, by mouse, touch and keyboard: one set of listeners for all of them, in grid, list and table. */
import type { Controller } from "../controller";
import { placeAt, type List } from "../state/list";
import { missingPages, toggled, withRange, type Chosen } from "./choose";
import { clearSelection } from "./work";

/** A finger that stays for this long (ms) and within this distance (CSS pixels) chooses a result. */
const [LONG_MS, STILL] = [450, 10];
const ARROWS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"]);

/** Where a range begins, and what was chosen before it. */
interface Start {
  key: string;
  index: number;
  before: Chosen;
}

class Gestures {
  #start: Start | null = null;
  /** Whether the next result that gets the focus ends a range. */
  #extending = false;
  #press: { timer: ReturnType<typeof setTimeout>; x: number; y: number } | null = null;
  /** Whether the click that follows a long press does nothing. */
  #spent = false;

  constructor(private readonly controller: Controller) {}

  get #chosen(): Chosen {
    return this.controller.store.get().selected;
  }

  choose(selected: Chosen): void {
    this.controller.store.dispatch({ type: "select", selected });
  }

  toggle(index: number): void {
    const { list } = this.controller.store.get();
    const place = list && placeAt(list, index);
    if (!place) return;
    this.choose(toggled(this.#chosen, place.info.id, place.info.row));
    this.#start = { key: list.key, index, before: this.#chosen };
  }

  /** Chooses everything from where the range begins. */
  async extend(index: number): Promise<void> {
    const { list } = this.controller.store.get();
    const start = this.#start?.key === list?.key ? this.#start : null;
    if (!list || !start) return this.toggle(index);
    for (const page of missingPages(list, start.index, index)) await this.controller.loadPage(page);
    const now = this.controller.store.get().list;
    if (now?.key !== list.key || this.#start !== start) return;
    this.choose(withRange(start.before, now, start.index, index, drawn));
  }

  click(event: MouseEvent): void {
    if (this.#spent) {
      this.#spent = false;
      return swallow(event);
    }
    const index = indexOf(event.target);
    if (index === null || event.button !== 0) return;
    const target = event.target as Element;
    const mark = target.closest(".select-mark") !== null;
    const link = target.closest("[data-index]") !== null;
    // The Enter key opens a result also while others are chosen.
    const choosing = mark || (link && (event.shiftKey || (this.#chosen.size > 0 && event.detail > 0)));
    if (!choosing || event.ctrlKey || event.metaKey || event.altKey) return;
    swallow(event);
    if (event.shiftKey) void this.extend(index);
    else this.toggle(index);
  }

  key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const target = event.target as Element;
    const index = indexOf(target);
    if (event.key === "Escape") {
      if (!this.#chosen.size || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || document.querySelector("[data-busy-selection]")) return;
      swallow(event);
      clearSelection(this.controller);
    } else if (index === null || !target.matches("[data-index]")) {
      return;
    } else if (event.key === "x" || event.key === "X") {
      swallow(event);
      if (event.shiftKey) void this.extend(index);
      else this.toggle(index);
    } else if (event.shiftKey && ARROWS.has(event.key)) {
      const { list } = this.controller.store.get();
      if (this.#start?.key !== list?.key || !this.#chosen.size) this.toggleOn(index, list);
      this.#extending = true;
    } else if (event.key !== "Shift") {
      this.#extending = false;
      if (ARROWS.has(event.key)) this.#start = null;
    }
  }

  /** A range begins at a result, which is chosen. */
  toggleOn(index: number, list: List | null): void {
    const place = list && placeAt(list, index);
    if (!place) return;
    this.choose(new Map([...this.#chosen, [place.info.id, place.info.row]]));
    this.#start = { key: list.key, index, before: this.#chosen };
  }

  focus(event: FocusEvent): void {
    const index = indexOf(event.target);
    if (!this.#extending || index === null) return;
    this.#extending = false;
    void this.extend(index);
  }

  down(event: PointerEvent): void {
    this.release();
    this.#spent = false;
    const target = event.target as Element;
    const index = target.closest("[data-index]") ? indexOf(target) : null;
    if (index === null || event.pointerType !== "touch" || !event.isPrimary) return;
    const timer = setTimeout(() => {
      this.#press = null;
      this.#spent = true;
      this.toggle(index);
    }, LONG_MS);
    this.#press = { timer, x: event.clientX, y: event.clientY };
  }

  move(event: PointerEvent): void {
    if (this.#press && Math.hypot(event.clientX - this.#press.x, event.clientY - this.#press.y) > STILL) this.release();
  }

  release(): void {
    if (this.#press) clearTimeout(this.#press.timer);
    this.#press = null;
  }

  /** The menu that a long press opens. */
  menu(event: Event): void {
    if (this.#spent || this.#press) event.preventDefault();
  }
}

function swallow(event: Event): void {
  event.preventDefault();
  event.stopPropagation();
}

/** The place in the list of the result that an element belongs to. */
function indexOf(target: EventTarget | null): number | null {
  const item = target instanceof Element ? target.closest("#results li, #results [role=row]") : null;
  const index = item?.querySelector<HTMLElement>("[data-index]")?.dataset.index;
  return index === undefined ? null : Number(index);
}

function drawn(index: number): boolean {
  return document.querySelector(`#results [data-index="${String(index)}"]`) !== null;
}

/** Listens until the returned function is called. @param missed what the person did before, in order: the finger that lies on a result, keys and where they led */
export function follow(controller: Controller, missed: readonly Event[]): () => void {
  const gestures = new Gestures(controller);
  const abort = new AbortController();
  const on = <Type extends keyof DocumentEventMap>(type: Type, listener: (event: DocumentEventMap[Type]) => void): void =>
    document.addEventListener(type, listener, { capture: true, signal: abort.signal });
  on("click", (one) => gestures.click(one));
  on("keydown", (one) => gestures.key(one));
  on("focusin", (one) => gestures.focus(one));
  on("pointerdown", (one) => gestures.down(one));
  on("pointermove", (one) => gestures.move(one));
  on("contextmenu", (one) => gestures.menu(one));
  for (const type of ["pointerup", "pointercancel", "scroll"] as const) on(type, () => gestures.release());
  for (const one of missed) {
    if (one instanceof KeyboardEvent) gestures.key(one);
    else if (one instanceof FocusEvent) gestures.focus(one);
    else gestures.down(one as PointerEvent);
  }
  return () => {
    abort.abort();
    gestures.release();
  };
}
