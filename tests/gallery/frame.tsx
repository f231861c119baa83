/** The frame of one state, with its name, and a part of the application in it. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { ControllerContext } from "../../web_assets/src/ui/context";
import type { Controller } from "../../web_assets/src/ui/controller";
import { worldOf, type World } from "./world";

/** What is still to be made, and what is to be done once all frames are there. */
export const work = { open: 0, later: [] as (() => void)[] };

interface Props {
  /** The component and its state: "Button: disabled". */
  name: string;
  world?: World;
  /** The least height, for what lies at an edge of the screen. */
  height?: number;
  width?: number;
  class?: string;
  /** What a person does there once everything is drawn. The frames at the end of the page come first. */
  then?: (stage: HTMLElement) => void;
  children: ComponentChildren;
}

export function Frame({ name, world, height, width, class: extra = "", then, children }: Props): JSX.Element {
  const stage = useRef<HTMLFormElement>(null);
  const [controller, setController] = useState<Controller | null>(null);
  useEffect(() => {
    work.open++;
    void worldOf(world ?? {}).then((made) => {
      setController(made);
      if (then) work.later.unshift(() => { if (stage.current) then(stage.current); });
      work.open--;
    });
  }, []);
  return (
    <section class="frame" aria-label={name}>
      <h2>{name}</h2>
      {/* A form, so that the radio buttons of a frame are a group of their own. */}
      <form ref={stage} class={`showcase ${extra}`} onSubmit={(event) => event.preventDefault()}
        style={{ ...(height ? { minHeight: `${String(height)}px` } : {}), ...(width ? { maxWidth: `${String(width)}px` } : {}) }}>
        {controller && <ControllerContext.Provider value={controller}>{children}</ControllerContext.Provider>}
      </form>
    </section>
  );
}
