/** Hooks that follow the pictures of the query. */
import { useEffect, useLayoutEffect, useState } from "preact/hooks";

import { useController } from "../context";
import type { Pictures } from "./pictures";

/** The pictures; the component is drawn again when one of them changes. */
export function usePictures(): Pictures {
  const { pictures } = useController();
  const [, redraw] = useState(0);
  // A layout effect, because a picture that is kept on this device is ready before the others run.
  useLayoutEffect(() => pictures.subscribe(() => redraw((n) => n + 1)), [pictures]);
  return pictures;
}

/** The size of the picture model in bytes, loaded once `wanted`; null if there is none or it is not known yet. */
export function useImageModelSize(wanted: boolean): number | null {
  const controller = useController();
  const [size, setSize] = useState<number | null>(null);
  useEffect(() => {
    if (!wanted) return;
    let current = true;
    // The panel works without this figure.
    controller.collection?.imageModelSize().then((bytes) => { if (current) setSize(bytes); }, () => undefined);
    return () => { current = false; };
  }, [wanted, controller]);
  return size;
}
