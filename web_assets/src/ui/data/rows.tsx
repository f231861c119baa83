/** Rows that were drawn, as the results of a search are shown, with their link and their files. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { messageOf } from "../../base/errors";
import { useController, useStore } from "../context";
import { nounOf } from "../layout";
import { AlertIcon, DownloadIcon, LinkIcon } from "../parts/icons";
import { saveFile } from "../parts/save";
import { LayoutSwitch, Results } from "../results/results";
import { searchKey } from "../state/view";
import { count, counted } from "../wording";
import type { Kind } from "./address";
import { columnsOf, fileName, written, type Format } from "./flat";
import { itemsOf } from "./items";
import { useGo, type Values } from "./parts";

interface Props {
  rows: readonly number[];
  /** What the rows are, as the name of a file. */
  name: string;
  kind: Kind;
  values: Values;
}

export function Rows({ rows, name, kind, values }: Props): JSX.Element {
  const controller = useController();
  const { link } = useGo();
  const key = useStore((state) => searchKey(state.view));
  const shown = useStore((state) => state.list?.key === searchKey(state.view));
  const noun = useStore((state) => nounOf(state.manifest));
  // Also after the list was dropped, because pictures were added on this device.
  useLayoutEffect(() => {
    controller.showRows(rows);
    // On a phone the rows begin below the screen. They are what the person came for.
    void controller.loadPage(0);
  }, [rows, key, shown]);
  const copy = (): void => {
    navigator.clipboard.writeText(new URL(link(kind, values), controller.base).href).then(
      () => controller.say("Link copied"), () => controller.say("The link could not be copied"),
    );
  };
  return (
    <div class="data-rows">
      <div class="data-bar">
        <p role="status">{counted(rows.length, noun)}</p>
        <LayoutSwitch always />
        <button type="button" class="button small" onClick={copy}><LinkIcon />Copy link</button>
        <Save rows={rows} name={name} />
      </div>
      {shown && <Results key={key} />}
    </div>
  );
}

/** Makes files of the rows, in the browser. */
function Save({ rows, name }: { rows: readonly number[]; name: string }): JSX.Element {
  const controller = useController();
  const [done, setDone] = useState<number | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), [rows]);
  const save = async (format: Format): Promise<void> => {
    const { collection } = controller;
    const { manifest } = controller.store.get();
    if (!collection || !manifest) return;
    running.current?.abort();
    const { signal } = running.current = new AbortController();
    setFailure(null);
    setDone(0);
    try {
      const items = await itemsOf(controller, collection, rows, (number) => { if (!signal.aborted) setDone(number); }, signal);
      const type = format === "csv" ? "text/csv" : "application/jsonl";
      // The names and texts are those of the site itself, without what is made safe to show.
      saveFile(new Blob([written(format, columnsOf(collection.manifest), items)], { type }), fileName(format, manifest.collection.title, name));
    } catch (error) {
      if (!signal.aborted) setFailure(messageOf(error));
    }
    if (running.current.signal === signal) setDone(null);
  };
  const stop = (): void => {
    running.current?.abort();
    setDone(null);
  };
  const busy = done !== null && rows.length > 0;
  return (
    <>
      <span class="data-save" role="group" aria-label="Save these rows">
        <button type="button" class="button small" disabled={busy || !rows.length} onClick={() => void save("csv")}><DownloadIcon />CSV</button>
        <button type="button" class="button small" disabled={busy || !rows.length} onClick={() => void save("jsonl")}><DownloadIcon />JSON lines</button>
      </span>
      {busy && (
        <p class="data-saving" role="status">
          <span class="spinner" aria-hidden="true" />Reading {count(done)} of {count(rows.length)}
          <button type="button" class="text-button" onClick={stop}>Cancel</button>
        </p>
      )}
      {failure && <p class="message bad data-saving" role="alert"><AlertIcon /><span>The file was not made. {failure} Save again to retry.</span></p>}
    </>
  );
}
