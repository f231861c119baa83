/** Registers the service worker, and lets it keep what an offline visit needs when there is time. */
import type { Controller } from "./controller";
import type { WarmedMessage, WarmMessage } from "../sw/policy";

interface Connection {
  saveData?: boolean;
  effectiveType?: string;
  type?: string;
}

/** Whether fetching ahead is no imposition: neither metered, nor slow, nor asked to spare. */
export function isGenerous(connection: Connection | undefined): boolean {
  if (!connection) return true;
  if (connection.saveData || connection.type === "cellular") return false;
  return connection.effectiveType === undefined || connection.effectiveType === "4g";
}

function idle(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof requestIdleCallback === "function") requestIdleCallback(() => resolve(), { timeout: 5000 });
    else setTimeout(resolve, 1500);
  });
}

/** Resolves once the collection is open and nothing is being searched or loaded. */
function settled(controller: Controller): Promise<void> {
  return new Promise((resolve) => {
    const check = (): void => {
      const { phase, pending, loadingSince, list } = controller.store.get();
      if (phase !== "ready" || pending || loadingSince !== null || !list) return;
      stop();
      resolve();
    };
    const stop = controller.store.subscribe(check);
    check();
  });
}

export function keepOffline(controller: Controller): void {
  if (!("serviceWorker" in navigator)) return;
  void warmUp(controller).catch(() => undefined);
}

async function warmUp(controller: Controller): Promise<void> {
  await navigator.serviceWorker.register(new URL("sw.js", controller.base).href, { scope: new URL(controller.base).pathname });
  const [registration] = await Promise.all([navigator.serviceWorker.ready, settled(controller)]);
  await idle();
  navigator.serviceWorker.addEventListener("message", (event: MessageEvent<WarmedMessage | null>) => {
    if (event.data?.type === "warmed" && event.data.complete) controller.store.dispatch({ type: "kept" });
  });
  const { connection } = navigator as { connection?: Connection };
  registration.active?.postMessage({ type: "warm", generous: isGenerous(connection) } satisfies WarmMessage);
}
