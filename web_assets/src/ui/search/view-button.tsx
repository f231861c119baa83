/** Opens the options of the grid. They are loaded then. */
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";

import { ViewIcon } from "../parts/icons";
import { Later, useLater } from "../parts/later";
import { useLayouts } from "../results/results";

const options = new Later(() => import("./view-options"), "ViewOptions");

export function ViewButton(): JSX.Element | null {
  const { layout } = useLayouts();
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  if (layout !== "grid") return null;
  return (
    <>
      <button ref={button} type="button" class="button quiet viewing" aria-expanded={open} title="View options" onClick={() => setOpen(!open)}>
        <ViewIcon /><span class="label">View</span>
      </button>
      {open && <Late button={button.current} onClose={() => setOpen(false)} />}
    </>
  );
}

function Late(props: { button: HTMLElement | null; onClose: () => void }): JSX.Element | null {
  const { module, failure } = useLater(options);
  if (module) return <module.ViewOptions {...props} />;
  return failure === null ? null : <p class="panel view-options" role="alert">{failure}</p>;
}
