/** What this visit has cost: bytes by kind, as the browser has recorded them. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { recorded, type Recorded, type Request, type RequestsMessage } from "../../base/requests";
import { useController, useStore } from "../context";
import type { Controller } from "../controller";
import { RetryIcon } from "../parts/icons";
import { bytes, count } from "../wording";
import { costOf, type Cost, type Kind } from "./visit";

const NAMES: Record<Kind, string> = {
  page: "Page and scripts", pictures: "Pictures", lists: "Lists, details and filters", words: "Words", meaning: "Meaning", model: "Models", other: "Other hosts",
};
/** How long (ms) the service worker may take to answer. */
const PATIENCE = 2000;

export function VisitCost(): JSX.Element {
  const controller = useController();
  const [cost, setCost] = useState<Cost | null>(null);
  const [turn, setTurn] = useState(0);
  const calm = useStore((state) => state.loadingSince === null);
  useEffect(() => {
    let current = true;
    void costNow(controller).then((found) => { if (current) setCost(found); });
    return () => { current = false; };
  }, [controller, turn, calm]);
  if (location.protocol === "file:") return <p class="data-lead">Nothing: this page and all of its files are on this device.</p>;
  const most = Math.max(1, ...cost?.parts.map((part) => part.bytes) ?? []);
  return (
    <div class="data-visit">
      <p class="data-note">
        Bytes with their headers, since this page was loaded. What was on this device already counts as 0. Your browser has recorded this; nothing about your visit is sent
        anywhere.
      </p>
      <table>
        <thead><tr><th scope="col">For</th><th scope="col" class="number">Requests</th><th scope="col" class="number data-visit-kept">Without network</th><th scope="col" class="number">Transferred</th></tr></thead>
        <tbody>
          {cost?.parts.map(({ kind, requests, kept, bytes: size }) => (
            <tr key={kind}>
              <th scope="row"><span class="data-visit-bar" aria-hidden="true" style={{ inlineSize: `${((100 * size) / most).toFixed(1)}%` }} /><span>{NAMES[kind]}</span></th>
              <td class="number">{count(requests)}</td><td class="number data-visit-kept">{count(kept)}</td><td class="number">{bytes(size)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot><tr><th scope="row">This visit</th>{cost
          ? <><td class="number">{count(cost.all.requests)}</td><td class="number data-visit-kept">{count(cost.all.kept)}</td><td class="number" data-total={cost.all.bytes}>{cost.partial ? "at least " : ""}{bytes(cost.all.bytes)}</td></>
          : <td colSpan={3} class="number">…</td>}</tr></tfoot>
      </table>
      {cost?.partial && <p class="data-note">The browser has stopped a part of the program in between, or keeps no more records. What that part had loaded is not counted.</p>}
      {cost !== null && cost.unknown > 0 && <p class="data-note">{count(cost.unknown)} more requests went to other hosts, which do not tell their size.</p>}
      <p><button type="button" class="button small" onClick={() => setTurn((n) => n + 1)}><RetryIcon />Count again</button></p>
    </div>
  );
}

async function costNow({ collection, base }: Controller): Promise<Cost> {
  const [worker, service] = await Promise.all([collection?.requests?.().catch(() => null) ?? null, ofServiceWorker()]);
  const own = recorded();
  const [page] = performance.getEntriesByType("navigation");
  return costOf({ page: { ...own, requests: [...(page ? [page.toJSON() as Request] : []), ...own.requests] }, worker, service }, base);
}

/** What the service worker has requested; null if there is none, or if it does not answer. */
function ofServiceWorker(): Promise<Recorded | null> {
  const worker = "serviceWorker" in navigator ? navigator.serviceWorker.controller : null;
  if (!worker) return Promise.resolve(null);
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    setTimeout(() => resolve(null), PATIENCE);
    port1.onmessage = ({ data }: MessageEvent<Recorded>) => resolve(data);
    worker.postMessage({ type: "requests" } satisfies RequestsMessage, [port2]);
  });
}
