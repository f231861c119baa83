/** Loads what lies above the page: after the first pictures, or when somebody opens it. */
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";

import { useAdding } from "./additions/use-adding";
import { useController, useStore } from "./context";
import { useAfterPictures } from "./parts/after-pictures";
import { useLate } from "./parts/hooks";
import { Later, useLater } from "./parts/later";
import { Modal } from "./parts/modal";
import { Retry } from "./parts/retry";

export const overlays = new Later(() => import("./overlays"), "Overlays");

export function LateOverlays(): JSX.Element | null {
  const ready = useStore((state) => state.phase === "ready");
  const image = useStore((state) => state.view.image !== null);
  const dialog = useStore((state) => state.dialog !== null);
  const { open } = useAdding();
  const soon = useAfterPictures();
  const wanted = ready && (image || dialog || open);
  const begun = useRef(false);
  begun.current ||= soon || wanted;
  // The same element from the first moment on: what is open must not be drawn again.
  return begun.current ? <Loaded wanted={wanted} /> : null;
}

function Loaded({ wanted }: { wanted: boolean }): JSX.Element | null {
  const controller = useController();
  const { module, failure, retry } = useLater(overlays);
  useEffect(() => { if (wanted && failure !== null) retry(); }, [wanted]);
  const since = useMemo(() => (wanted ? performance.now() : null), [wanted]);
  const late = useLate(since, 300);
  if (module) return <module.Overlays />;
  if (!wanted || (failure === null && !late)) return null;
  const close = (): void => {
    controller.adding.show(false);
    controller.store.dispatch({ type: "dialog", dialog: null });
    if (controller.store.get().view.image !== null) controller.closeImage();
  };
  return (
    <Modal label={failure === null ? "Loading" : "Not loaded"} heading onClose={close}>
      {failure === null ? <p class="prose faint" role="status">Loading…</p> : <div class="prose" role="alert"><p>{failure}</p><Retry onClick={retry} /></div>}
    </Modal>
  );
}
