/** Waits for the first pictures, which matter more than what nobody asked for. */
import { useEffect, useState } from "preact/hooks";

import { useController } from "../context";

/** How often (ms) and how long at most it is checked whether the first pictures have arrived. */
const [CHECK_MS, MOST_MS] = [120, 5000];

/** Whether the first pictures are here, or have taken too long, and no search is under way, which needs the line. */
export function useAfterPictures(): boolean {
  const controller = useController();
  const [ready, setReady] = useState(false);
  useEffect(() => {
    const end = performance.now() + MOST_MS;
    let calm = 0;
    const timer = setInterval(() => {
      const { list, pending, view } = controller.store.get();
      // The map draws itself, without the pages of the list.
      const shown = list !== null && (view.layout === "map" || list.length === 0 || list.pages.some((page) => page?.status === "ready"));
      calm = shown && !controller.thumbnails.held.running ? calm + 1 : 0;
      // Pictures are requested a moment after their tiles are drawn.
      if (pending || (calm < 3 && performance.now() < end)) return;
      clearInterval(timer);
      setReady(true);
    }, CHECK_MS);
    return () => clearInterval(timer);
  }, []);
  return ready;
}
