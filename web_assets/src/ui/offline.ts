/** Registers the service worker, and lets it store what an offline visit needs when there is time. */
import type { Controller } from "./controller";
import type { WarmedMessage, WarmMessage } from "../sw/policy";

interface Connection {
  saveData?: boolean;
  effectiveType?: string;
  type?: string;
}

/** Whether to fetch in advance: the connection is neither metered nor slow, and the visitor did not ask to save data. */
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

/** How often (ms) to look whether the pictures on screen have arrived. */
const LOOK_AGAIN = 250;

/** Resolves once the first results are here and nothing is being searched or loaded. */
function settled(controller: Controller): Promise<void> {
  return new Promise((resolve) => {
    const check = (): void => {
      const { phase, pending, loadingSince, list } = controller.store.get();
      const shown = list && (!list.length || list.pages.some((page) => page?.status === "ready"));
      if (phase !== "ready" || pending || loadingSince !== null || !shown) return;
      stop();
      resolve();
    };
    const stop = controller.store.subscribe(check);
    check();
  });
}

/** @param script gives the address of the service worker */
export function keepOffline(controller: Controller, script: () => string): void {
  if (!("serviceWorker" in navigator)) return;
  // Refused storage and a missing file only mean that nothing is kept.
  void warmUp(controller, script).catch(() => undefined);
}

/** Resolves once the pictures on screen are here. */
async function pictured(controller: Controller): Promise<void> {
  do await new Promise((resolve) => { setTimeout(resolve, LOOK_AGAIN); });
  while (controller.thumbnails.held.running);
}

/** The first service worker of a site takes charge of its page silently; a later one belongs to another build. */
function watchForUpdates(controller: Controller): void {
  if (!navigator.serviceWorker.controller) return;
  navigator.serviceWorker.addEventListener("controllerchange", () => { void controller.updates.replaced(); });
}

async function warmUp(controller: Controller, script: () => string): Promise<void> {
  watchForUpdates(controller);
  // The service worker loads the whole application, so wait for what is on screen.
  await settled(controller);
  await pictured(controller);
  await idle();
  await navigator.serviceWorker.register(script(), { scope: new URL(controller.base).pathname });
  const registration = await navigator.serviceWorker.ready;
  navigator.serviceWorker.addEventListener("message", (event: MessageEvent<WarmedMessage | null>) => {
    if (event.data?.type === "warmed" && event.data.complete) controller.store.dispatch({ type: "kept" });
  });
  const { connection } = navigator as { connection?: Connection };
  registration.active?.postMessage({ type: "warm", generous: isGenerous(connection) } satisfies WarmMessage);
}
