import { NO_VIEW } from "../../web_assets/src/ui/results/view";
import { describe, expect, it, vi } from "vitest";

import { Controller } from "../../web_assets/src/ui/controller";
import { PAGE } from "../../web_assets/src/ui/state/list";
import { HOME } from "../../web_assets/src/ui/state/view";
import { isGenerous, isMetered } from "../../web_assets/src/ui/connection";
import { keepOffline } from "../../web_assets/src/ui/offline";
import { FakeCollection, type FakeImage } from "./fake-collection";

const images = (count: number): FakeImage[] => Array.from({ length: count }, (_, i) => ({
  document: {
    id: i.toString(16).padStart(16, "0"), path: `${String(i)}.jpg`, width: 3, height: 2,
    fields: { title: i % 3 ? `dog ${String(i)}` : `cat ${String(i)}` },
  },
  thumbnail: null, placeholder: new Uint8Array(),
}));

/** A browser's history and address in memory. */
function surroundings(start = "https://example.org/folder/") {
  const entries: { url: string; state: unknown }[] = [{ url: start, state: null }];
  let at = 0;
  const here = () => new URL(entries[at]!.url);
  const listeners: (() => void)[] = [];
  const move = (by: number): void => {
    at = Math.min(entries.length - 1, Math.max(0, at + by));
    for (const listener of listeners) listener();
  };
  return {
    entries, move, listeners,
    location: {
      get search() { return here().search; }, get hash() { return here().hash; },
      get pathname() { return here().pathname; }, get href() { return here().href; },
    },
    history: {
      get state() { return entries[at]!.state; },
      pushState(state: unknown, _: string, url: string) {
        const { href } = new URL(url, here());
        entries.length = ++at;
        entries.push({ url: href, state });
      },
      replaceState(state: unknown, _: string, url: string) { entries[at] = { url: new URL(url, here()).href, state }; },
      back: () => move(-1),
    },
    now: () => 0,
  };
}

async function opened(count = 400, start?: string) {
  const collection = new FakeCollection(images(count));
  const env = surroundings(start);
  const controller = new Controller(() => Promise.resolve(collection), env);
  env.listeners.push(() => controller.arrived());
  await controller.start();
  await settle();
  return { collection, env, controller, state: () => controller.store.get() };
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe("the controller", () => {
  it("browses a page at a time, in the default order", async () => {
    const { collection, controller, state } = await opened();
    expect(state().list).toMatchObject({ total: 400, length: 400 });
    await controller.loadPage(2);
    expect(state().list?.pages[2]?.status).toBe("ready");
    expect(collection.calls.map(({ method }) => method)).toEqual(["search"]);
    expect(collection.calls[0]!.argument).toMatchObject({ k: 120, offset: 240, infos: true });
  });

  it("shows the rows of the Data page page by page, searches nothing, and finds the place again", async () => {
    const { collection, controller, env, state } = await opened(400, "https://example.org/folder/#data=sample&size=150&seed=3");
    expect(state().list).toBeNull();
    const rows = Array.from({ length: 150 }, (_, i) => 399 - 2 * i);
    controller.showRows(rows);
    expect(state().list).toMatchObject({ total: 150, length: 150 });
    await controller.loadPage(1);
    expect(state().list?.pages[1]).toMatchObject({ status: "ready", results: rows.slice(120).map((row) => ({ row, score: 0 })) });
    expect(collection.calls).toEqual([{ method: "rows", argument: rows.slice(120) }]);
    controller.openImage("0000000000000003");
    expect(env.location.hash).toBe("#data=sample&size=150&seed=3&image=0000000000000003");
    env.history.back();
    await settle();
    // The list of the same rows is the one that was filled.
    controller.go({ ...HOME, data: "data=" });
    expect(state().list).toBeNull();
    env.history.back();
    controller.showRows(rows);
    expect(state().list?.pages[1]?.status).toBe("ready");
  });

  it("leaves the Data page for a search", async () => {
    const { controller, env, state } = await opened(40, "https://example.org/folder/#data=sample");
    controller.go({ ...state().view, text: "cat" });
    await settle();
    expect(state().view).toMatchObject({ data: null, text: "cat" });
    expect(env.location.hash).toBe("#q=cat");
    expect(state().list?.key).toBe("#q=cat");
    env.history.back();
    expect(state().view.data).toBe("data=sample");
    expect(state().list).toBeNull();
  });

  it("opens a deep link, after # or ?", async () => {
    for (const sign of ["#", "?"]) {
      const { state } = await opened(400, `https://example.org/folder/${sign}q=cat&mode=words&image=0000000000000003`);
      expect(state().view).toMatchObject({ text: "cat", mode: "words", image: "0000000000000003" });
      expect(state().list?.total).toBe(134);
    }
  });

  it("keeps to its folder and leaves queries out of requests", async () => {
    const { controller, env } = await opened();
    controller.go({ ...HOME, text: "cat" });
    expect(env.location.href).toBe("https://example.org/folder/#q=cat");
  });

  it("goes back to remembered results without searching again", async () => {
    const { controller, collection, env, state } = await opened();
    controller.go({ ...HOME, text: "cat", mode: "words" });
    await settle();
    controller.go({ ...HOME, text: "dog", mode: "words" });
    await settle();
    const asked = collection.calls.length;
    env.move(-1);
    expect(state().view.text).toBe("cat");
    expect(state().list?.total).toBe(134);
    expect(collection.calls.length).toBe(asked);
  });

  it("shows the last of several quick searches", async () => {
    const { controller, collection, state } = await opened();
    collection.delay = 20;
    controller.go({ ...HOME, text: "cat" });
    controller.go({ ...HOME, text: "dog" }, { replace: true });
    await expect.poll(() => state().pending).toBeNull();
    expect(state().list).toMatchObject({ key: "#q=dog", stage: "final" });
    expect(state().searchFailure).toBeNull();
  });

  it("shows results by words immediately and does not move them for a reader when meaning arrives", async () => {
    const { controller, collection, state } = await opened();
    collection.delay = 30;
    controller.go({ ...HOME, text: "cat" });
    await settle();
    expect(state().list?.stage).toBe("words");
    controller.attach({ ...NO_VIEW, scrolled: () => 900 });
    await expect.poll(() => state().refined?.stage).toBe("final");
    expect(state().list?.stage).toBe("words");
    controller.acceptRefined();
    expect(state().list?.stage).toBe("final");
  });

  it("does not move results of which one has the focus", async () => {
    const { controller, collection, state } = await opened();
    collection.delay = 30;
    controller.go({ ...HOME, text: "cat" });
    await settle();
    controller.attach({ ...NO_VIEW, focused: () => true });
    await expect.poll(() => state().refined?.stage).toBe("final");
    expect(state().list?.stage).toBe("words");
  });

  it("reports a failed search and recovers by retry", async () => {
    const { controller, collection, state } = await opened();
    collection.failures.set("search", new Error("The catalog could not be loaded."));
    controller.go({ ...HOME, text: "cat", mode: "words" });
    await settle();
    expect(state().searchFailure).toBe("The catalog could not be loaded.");
    controller.retry();
    await settle();
    expect(state().searchFailure).toBeNull();
    expect(state().list?.total).toBe(134);
  });

  it("marks a page that failed, and loads it on retry", async () => {
    const { controller, collection, state } = await opened();
    collection.failures.set("search", new Error("No network."));
    await controller.loadPage(1);
    expect(state().list?.pages[1]).toEqual({ status: "failed", message: "No network." });
    await controller.loadPage(1);
    expect(state().list?.pages[1]?.status).toBe("failed");
    await controller.loadPage(1, true);
    expect(state().list?.pages[1]?.status).toBe("ready");
  });

  it("loads a page once, however often it is requested", async () => {
    const { controller, collection } = await opened();
    await Promise.all([controller.loadPage(1), controller.loadPage(1), controller.loadPage(1)]);
    expect(collection.calls.filter(({ method }) => method === "search")).toHaveLength(1);
  });

  it("opens a collection on retry", async () => {
    const collection = new FakeCollection(images(3));
    const open = vi.fn().mockRejectedValueOnce(new Error("No network.")).mockResolvedValue(collection);
    const controller = new Controller(open, surroundings());
    await controller.start();
    expect(controller.store.get()).toMatchObject({ phase: "failed", failure: "No network." });
    controller.retry();
    await settle();
    expect(controller.store.get().phase).toBe("ready");
  });

  it("closes a picture by going back if it was opened here, and in place if a link led to it", async () => {
    const inside = await opened();
    inside.controller.openImage("0000000000000003");
    inside.controller.openImage("0000000000000004");
    expect(inside.env.entries).toHaveLength(2);
    inside.controller.closeImage();
    expect(inside.env.location.hash).toBe("");
    const linked = await opened(400, "https://example.org/folder/#q=cat&image=0000000000000003");
    linked.controller.closeImage();
    expect(linked.env.entries).toHaveLength(1);
    expect(linked.env.location.hash).toBe("#q=cat");
  });

  it("remembers the reading position of an entry and restores it when going back", async () => {
    const { controller, env } = await opened();
    const anchor = { index: 2 * PAGE, shift: 7 };
    // Without a pause: the step itself stores the position.
    controller.attach({ ...NO_VIEW, place: () => ({ key: "#", anchor }) });
    controller.go({ ...HOME, text: "cat", mode: "words" });
    await settle();
    env.move(-1);
    expect(controller.takeRestored("#q=cat&mode=words")).toBeNull();
    expect(controller.takeRestored("#")).toEqual(anchor);
    expect(controller.takeRestored("#")).toBeNull();
  });

  it("does not apply the position in one list to another", async () => {
    const { controller, env } = await opened();
    controller.go({ ...HOME, text: "cat", mode: "words" });
    // The grid still shows the previous list.
    controller.attach({ ...NO_VIEW, place: () => ({ key: "#", anchor: { index: 5, shift: 0 } }) });
    controller.remember();
    expect(env.entries.map((entry) => entry.state)).toEqual([null, { inside: true }]);
  });

  it("does not scroll the list when a picture is closed by going back", async () => {
    const { controller, env } = await opened();
    controller.attach({ ...NO_VIEW, place: () => ({ key: "#", anchor: { index: 9, shift: 0 } }) });
    controller.openImage("0000000000000003");
    env.move(-1);
    expect(controller.takeRestored("#")).toBeNull();
  });

  it("loads a page again if its list was replaced while it was loading", async () => {
    const { controller, collection, state } = await opened();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => { release = resolve; });
    const search = collection.search.bind(collection);
    vi.spyOn(collection, "search").mockImplementationOnce(async (request) => { await held; return search(request); });
    const first = controller.loadPage(0);
    controller.store.dispatch({ type: "local", count: 0, version: 1 });
    controller.store.dispatch({ type: "browsed", key: "#" });
    await controller.loadPage(0);
    expect(state().list?.pages[0]?.status).toBe("ready");
    release();
    await first;
    expect(state().list?.pages[0]?.status).toBe("ready");
  });
});

describe("fetching in advance", () => {
  it("starts after the first results, because the service worker loads the whole application", async () => {
    const register = vi.fn(() => Promise.resolve());
    vi.stubGlobal("navigator", { serviceWorker: { register, ready: new Promise(() => undefined) } });
    vi.stubGlobal("requestIdleCallback", (action: () => void) => { action(); });
    try {
      const { controller } = await opened();
      keepOffline(controller, () => "sw.js");
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(register).not.toHaveBeenCalled();
      await controller.loadPage(0);
      await expect.poll(() => register.mock.calls.length).toBe(1);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it("does nothing on metered or slow connections", () => {
    expect(isGenerous(undefined)).toBe(true);
    expect(isGenerous({ effectiveType: "4g" })).toBe(true);
    expect(isGenerous({ saveData: true })).toBe(false);
    expect(isGenerous({ effectiveType: "3g" })).toBe(false);
    expect(isGenerous({ type: "cellular", effectiveType: "4g" })).toBe(false);
    // A slow line may carry what a search needs while its text is typed; a metered one may not.
    expect([undefined, { effectiveType: "3g" }, { saveData: true }, { type: "cellular" }].map(isMetered)).toEqual([false, false, true, true]);
  });
});
