/** A button that opens a menu above it. Arrow keys move in it; Escape and the loss of the focus close it. */
import type { JSX, TargetedKeyboardEvent } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { own } from "../../base/own";

export interface MenuItem {
  label: string;
  act: () => void;
}

export function Menu({ items }: { items: readonly MenuItem[] }): JSX.Element {
  const [open, setOpen] = useState(false);
  const menu = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => { if (open) menu.current?.querySelector("button")?.focus(); }, [open]);
  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  const key = (event: TargetedKeyboardEvent<HTMLDivElement>): void => {
    const all = [...event.currentTarget.querySelectorAll("button")];
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 };
    const next = own(steps, event.key);
    if (next !== undefined) {
      event.preventDefault();
      all[next % all.length]?.focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  };
  return (
    <div class="selection-more" onFocusOut={(event) => { if (!(event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget))) setOpen(false); }}>
      <button ref={button} type="button" class="icon-button" aria-haspopup="menu" aria-expanded={open} aria-label="More actions" title="More" onClick={() => setOpen(!open)}>
        <svg class="icon" viewBox="0 0 24 24" width="20" height="20" fill="currentColor" aria-hidden="true"><circle cx="5" cy="12" r="1.9" /><circle cx="12" cy="12" r="1.9" /><circle cx="19" cy="12" r="1.9" /></svg>
      </button>
      {open && (
        <div ref={menu} class="selection-menu" role="menu" aria-label="More actions" data-busy-selection="" onKeyDown={key}>
          {items.map(({ label, act }) => (
            <button key={label} type="button" role="menuitem" tabIndex={-1} onClick={() => {
              close();
              act();
            }}>{label}</button>
          ))}
        </div>
      )}
    </div>
  );
}
