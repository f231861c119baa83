/** How components reach the controller and follow the store. */
import { createContext } from "preact";
import { useContext, useLayoutEffect, useRef, useState } from "preact/hooks";

import type { Controller } from "./controller";
import type { State } from "./state/reducer";

export const ControllerContext = createContext<Controller | null>(null);

export function useController(): Controller {
  const controller = useContext(ControllerContext);
  if (!controller) throw new Error("A component stands outside the application.");
  return controller;
}

/** A part of the state; the component is drawn again only when it changes (compared by identity). */
export function useStore<Part>(select: (state: State) => Part): Part {
  const { store } = useController();
  const [, redraw] = useState(0);
  const part = select(store.get());
  const latest = useRef({ select, part });
  latest.current = { select, part };
  useLayoutEffect(() => {
    const check = (): void => {
      if (latest.current.select(store.get()) !== latest.current.part) redraw((n) => n + 1);
    };
    check();
    return store.subscribe(check);
  }, [store]);
  return part;
}
