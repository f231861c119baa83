/** The bar with what can be done with the chosen results, at the lower edge of the screen. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { messageOf } from "../../base/errors";
import { useController, useStore } from "../context";
import { CloseIcon, DownloadIcon, LinkIcon, SimilarIcon } from "../parts/icons";
import { adopt } from "../parts/sheet";
import { count } from "../wording";
import { allOf, MOST } from "./choose";
import { Menu } from "./menu";
import sheet from "./selection.css?inline";
import { clearSelection, copyCredits, copyLinks, copySet, download, searchLike, selectAll, setOf } from "./work";

export { follow } from "./gestures";

export function Bar(): JSX.Element {
  adopt(sheet);
  const controller = useController();
  const chosen = useStore((state) => state.selected);
  const list = useStore((state) => state.list);
  const vectors = useStore((state) => Boolean(state.manifest?.vectors));
  const { busy, done, told, run, stop, dismiss } = useDownload();
  const [choosing, setChoosing] = useState(false);
  const clear = (): void => {
    clearSelection(controller);
    controller.results.focus();
  };
  const all = list && allOf(list);
  const everything = (): void => {
    setChoosing(true);
    void selectAll(controller).catch((error: unknown) => controller.say(messageOf(error))).finally(() => setChoosing(false));
  };
  return (
    <div class="selection-place">
      <section class="selection" aria-label="Selection" {...(busy ? { "data-busy-selection": "" } : {})}>
        {told && (
          <p class="selection-told" role={told.bad ? "alert" : "status"}>
            <span>{told.text}</span>
            <button type="button" class="icon-button" aria-label="Dismiss" title="Dismiss" onClick={dismiss}><CloseIcon /></button>
          </p>
        )}
        {busy && <progress class="selection-progress" aria-label="Packing pictures" max={chosen.size} value={done} />}
        <div class="selection-row">
          <button type="button" class="icon-button" aria-label="Clear the selection" title="Clear the selection (Esc)" disabled={busy} onClick={clear}><CloseIcon /></button>
          <p class="selection-count" role="status"><strong>{count(chosen.size)}</strong> selected</p>
          <div class="selection-actions">
            {busy
              ? <button type="button" class="button" onClick={stop}>Cancel</button>
              : (
                <button type="button" class="button solid" title="Download the pictures and their credits as a ZIP file" onClick={() => void run()}>
                  <DownloadIcon /><span>Download</span>
                </button>
              )}
            {vectors && <button type="button" class="button wide" onClick={() => searchLike(controller, chosen, 1)}><SimilarIcon /><span>More like these</span></button>}
            <button type="button" class="button" title="Copy a link that shows these pictures" onClick={() => void copySet(controller, chosen)}><LinkIcon /><span>Share</span></button>
            <Menu items={[
              ...all && all.count > 0 ? [{ label: choosing ? "Selecting…" : `Select all ${count(all.count)} ${all.kind}`, act: everything }] : [],
              { label: "Show only these", act: () => { controller.go(setOf(controller, chosen)); scrollTo({ top: 0 }); } },
              ...vectors ? [
                { label: "More like these", act: () => searchLike(controller, chosen, 1) },
                { label: "Unlike these", act: () => searchLike(controller, chosen, -1) },
              ] : [],
              { label: "Copy links", act: () => void copyLinks(controller, chosen) },
              { label: "Copy credits", act: () => void copyCredits(controller, chosen) },
            ]} />
          </div>
        </div>
        {chosen.size >= MOST && <p class="selection-told">At most {count(MOST)} can be selected.</p>}
      </section>
    </div>
  );
}

interface Told {
  text: string;
  bad: boolean;
}

/** The making of a ZIP file: how far it is, and what came of it. */
function useDownload(): { busy: boolean; done: number; told: Told | null; run: () => Promise<void>; stop: () => void; dismiss: () => void } {
  const controller = useController();
  const [done, setDone] = useState<number | null>(null);
  const [told, setTold] = useState<Told | null>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const run = async (): Promise<void> => {
    running.current?.abort();
    const { signal } = running.current = new AbortController();
    setTold(null);
    setDone(0);
    try {
      const text = await download(controller, controller.store.get().selected, (now) => { if (!signal.aborted) setDone(now); }, signal);
      if (!signal.aborted) setTold({ text, bad: false });
    } catch (error) {
      if (!signal.aborted) setTold({ text: `The file was not made. ${messageOf(error)}`, bad: true });
    }
    if (running.current.signal === signal) setDone(null);
  };
  const stop = (): void => {
    running.current?.abort();
    setDone(null);
  };
  return { busy: done !== null, done: done ?? 0, told, run, stop, dismiss: () => setTold(null) };
}
