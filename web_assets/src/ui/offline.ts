/** Registers the service worker, and lets it store what an offline visit needs when there is time. */
import type { Controller } from "./controller";
import { connectionOf, isGenerous } from "./connection";
import type { State } from "./state/reducer";
import { storedWish } from "./wish";
import type { Amount, CoolMessage, ForgetMessage, VerifiedMessage, VerifyMessage, WarmedMessage, WarmMessage } from "../sw/policy";

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
  const wish = storedWish(controller.base);
  if (wish !== "some") controller.store.dispatch({ type: "keep", keeping: wish });
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
  let done: string | null = null;
  let asked = "";
  navigator.serviceWorker.addEventListener("message", ({ data }: MessageEvent<WarmedMessage | VerifiedMessage | null>) => {
    if (data?.type === "verified") controller.store.dispatch({ type: "checked", checked: { whole: data.whole, damaged: data.damaged } });
    if (data?.type !== "warmed") return;
    if (data.done) done = asked;
    controller.store.dispatch({ type: "kept", kept: { ...data.kept, able: true, ended: data.done } });
  });
  for (;;) {
    asked = wish(controller);
    if (done !== asked) active?.postMessage({ type: "warm", amount: wanted(controller) } satisfies WarmMessage);
    await changed(controller, (state) => isBusy(state) || wish(controller) !== asked);
    if (done !== asked) active?.postMessage({ type: "cool" } satisfies CoolMessage);
    // A wish of the visitor's is not something to wait with.
    if (wish(controller) === asked) await calm(controller);
  }
}

/** Checks what is stored; the answer arrives in the state. */
export function verifyKept(controller: Controller): void {
  controller.store.dispatch({ type: "checked", checked: "running" });
  tell({ type: "verify" });
}

/** Deletes what is stored of the collection. */
export function forgetKept(controller: Controller): void {
  tell({ type: "forget" });
  controller.store.dispatch({ type: "keep", keeping: "some" });
}

function tell(message: VerifyMessage | ForgetMessage): void {
  navigator.serviceWorker.controller?.postMessage(message);
}

/** What is wanted, with its number: the same wish again is another one. */
function wish(controller: Controller): string {
  return `${wanted(controller)} ${String(controller.store.get().keepings)}`;
}

function wanted(controller: Controller): Amount {
  const { keeping } = controller.store.get();
  if (keeping === "all") return "all";
  return keeping === "some" && isGenerous(connectionOf(navigator)) ? "little" : "nothing";
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
