/** The options of the grid: density, captions, and look-alikes as one picture. */
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

import { useController, useStore } from "../context";
import { storeLook, type Look } from "../look";
import { adopt } from "../parts/sheet";
import { hasGroups } from "../results/groups";
import sheet from "./view-options.css?inline";

interface Props {
  /** What opened them, and gets the focus when they are closed. */
  button: HTMLElement | null;
  onClose: () => void;
}

export function ViewOptions({ button, onClose }: Props): JSX.Element {
  adopt(sheet);
  const controller = useController();
  const look = useStore((state) => state.look);
  const view = useStore((state) => state.view);
  const groups = useStore((state) => state.list !== null && hasGroups(state.list)) || !view.group;
  const panel = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    panel.current?.querySelector<HTMLElement>("input:checked")?.focus();
    const outside = (event: PointerEvent): void => {
      if (event.target instanceof Node && !panel.current?.contains(event.target) && !button?.contains(event.target)) onClose();
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, []);
  const set = (change: Partial<Look>): void => {
    const next = { ...look, ...change };
    storeLook(next);
    controller.store.dispatch({ type: "look", look: next });
  };
  return (
    // It can have the focus, so that a press on a label does not seem to leave it.
    <div ref={panel} class="panel view-options" role="group" aria-label="View options" tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        onClose();
        button?.focus();
      }}
      onFocusOut={({ currentTarget, relatedTarget }) => {
        if (relatedTarget instanceof Node && relatedTarget !== button && !currentTarget.contains(relatedTarget)) onClose();
      }}>
      <div class="modes" role="radiogroup" aria-label="Density">
        <label><input type="radio" name="density" checked={!look.compact} onChange={() => set({ compact: false })} /><span>Comfortable</span></label>
        <label><input type="radio" name="density" checked={look.compact} onChange={() => set({ compact: true })} /><span>Compact</span></label>
      </div>
      <label class="view-option"><input type="checkbox" checked={look.captions} onChange={() => set({ captions: !look.captions })} />Captions</label>
      {groups && (
        <label class="view-option">
          <input type="checkbox" checked={view.group} onChange={() => controller.go({ ...view, group: !view.group, image: null })} />Group look-alikes
        </label>
      )}
    </div>
  );
}
