/** The dialog with the saved searches, which is loaded when it is first opened. */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { useController } from "../context";
import { Later, useLater } from "../parts/later";
import type { Saved } from "./saved";

const dialog = new Later(() => import("./saved-dialog"), "SavedDialog");

export function SavedSearches(props: { saved: Saved; onClose: () => void }): JSX.Element | null {
  const controller = useController();
  const { module, failure } = useLater(dialog);
  useEffect(() => {
    if (failure === null) return;
    controller.say(failure);
    props.onClose();
  }, [failure]);
  return module && <module.SavedDialog {...props} />;
}
