/** How components follow the pictures of the query. */
import { useEffect, useState } from "preact/hooks";

import { useController } from "../context";
import type { Pictures } from "./pictures";

/** The pictures; the component is drawn again when one of them changes. */
export function usePictures(): Pictures {
  const { pictures } = useController();
  const [, redraw] = useState(0);
  useEffect(() => pictures.subscribe(() => redraw((n) => n + 1)), [pictures]);
  return pictures;
}
