/** Registers the service worker, and lets it store what an offline visit needs when there is time. */
import type { Controller } from "./controller";
import { connectionOf, isGenerous } from "./connection";
import type { State } from "./state/reducer";
import type { Amount, CoolMessage, WarmedMessage, WarmMessage } from "../sw/policy";

function idle(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof requestIdleCallback === "function") requestIdleCallback(() => resolve(), { timeout: 5000 });
    else setTimeout(resolve, 1500);
  });
}

/** How long (ms) a page stays as it is before anything is loaded in advance: somebody may be about to search. */
const QUIET_MS = 2000;
/** How often (ms) to look whether the pictures on screen have arrived. */
const LOOK_AGAIN = 250;

/** Resolves once the first results are here and nothing is being searched or loaded. */
function settled(controller: Controller): Promise<void> {
  return changed(controller, ({ phase, pending, loadingSince, list }) =>
    phase === "ready" && !pending && loadingSince === null && list !== null && (!list.length || list.pages.some((page) => page?.status === "ready")));
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
  await calm(controller);
  await navigator.serviceWorker.register(script(), { scope: new URL(controller.base).pathname });
  const registration = await navigator.serviceWorker.ready;
  await keepUp(controller, registration);
}

/** Resolves once the first results are on screen and the browser has nothing else to do. */
async function calm(controller: Controller): Promise<void> {
  let again = true;
  while (again) {
    await settled(controller);
    await pictured(controller);
    await Promise.race([changed(controller, isBusy), new Promise((resolve) => { setTimeout(resolve, QUIET_MS); })]);
    again = isBusy(controller.store.get());
  }
  await idle();
}

function isBusy({ pending, loadingSince }: State): boolean {
  return pending !== null || loadingSince !== null;
}

/** Let the service worker load when nothing else does, as much as is wanted; a search stops it until the page is calm again. */
async function keepUp(controller: Controller, { active }: ServiceWorkerRegistration): Promise<never> {
  let done: Amount | null = null;
  let asked: Amount = "nothing";
  navigator.serviceWorker.addEventListener("message", ({ data }: MessageEvent<WarmedMessage | null>) => {
    if (data?.type !== "warmed") return;
    if (data.done) done = asked;
    controller.store.dispatch({ type: "kept", kept: { ...data.kept, able: true } });
  });
  for (;;) {
    asked = wanted(controller);
    if (done !== asked) active?.postMessage({ type: "warm", amount: asked } satisfies WarmMessage);
    await changed(controller, (state) => isBusy(state) || wanted(controller) !== asked);
    if (done !== asked && isBusy(controller.store.get())) active?.postMessage({ type: "cool" } satisfies CoolMessage);
    await calm(controller);
  }
}

function wanted(controller: Controller): Amount {
  if (controller.store.get().keeping) return "all";
  return isGenerous(connectionOf(navigator)) ? "little" : "nothing";
}

/** Resolves when the state meets a condition. */
function changed(controller: Controller, met: (state: State) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const check = (): void => {
      if (!met(controller.store.get())) return;
      stop();
      resolve();
    };
    const stop = controller.store.subscribe(check);
    check();
  });
}
