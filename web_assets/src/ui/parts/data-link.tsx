/** A link to the Data page. */
import type { ComponentChildren, JSX } from "preact";

import { useController } from "../context";
import { formatView, HOME } from "../state/view";
import { opener } from "./opening";

const VIEW = { ...HOME, data: "data=" };

export function DataLink({ class: name, children = "Data" }: { class?: string; children?: ComponentChildren }): JSX.Element {
  const controller = useController();
  const open = (): void => {
    controller.store.dispatch({ type: "dialog", dialog: null });
    controller.go(VIEW);
  };
  return <a class={name} href={formatView(VIEW)} onClick={opener(open)}>{children}</a>;
}
