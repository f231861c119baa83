/** Sets up the interface in a page. Separate from `main.tsx`, so that another `open` can be given. */
import { createElement, render } from "preact";

import type { Open } from "../api/types";
import { App } from "./app";
import { connectionOf } from "./connection";
import { Controller } from "./controller";
import { storedLook } from "./look";
import { overlays } from "./overlays-later";
import { readable } from "./results/readable";
import type { Views } from "./detail/views";
import { applyTheme, storedTheme } from "./theme";
import type { Thumbnails } from "./thumbnails";

/** What reads the files of a page from the disk. */
export interface Disk {
  thumbnails: Thumbnails;
  views: Views;
  latest: (url: string) => Promise<unknown>;
}

/** @param disk given if the page was opened from the disk: how its files are read. It then needs no network. */
export function start(open: Open, root: Element, disk?: Disk): Controller {
  const theme = storedTheme();
  applyTheme(theme);
  history.scrollRestoration = "manual";
  const controller = new Controller((url, options) => open(url, { ...options, additions: true }), { location, history, now: () => performance.now() }, { theme, ...disk });
  controller.store.dispatch({ type: "look", look: storedLook(matchMedia("(hover: none)").matches && !connectionOf(navigator)?.saveData) });
  const { view, layout } = controller.store.get();
  // A list that a link or this device asks for is wanted soon. Pages of collections without pictures name its script themselves.
  if ((view.layout ?? layout ?? "grid") !== "grid") readable.prefetch();
  if (view.image !== null) overlays.prefetch();
  addEventListener("popstate", () => controller.arrived());
  if (disk) controller.store.dispatch({ type: "kept", kept: { complete: true, left: 0, total: 0, able: false, ended: true } });
  else followConnection(controller);
  // Preact would use the elements of the text that the page shows until here.
  root.replaceChildren();
  render(createElement(App, { controller }), root);
  void controller.start();
  return controller;
}

function followConnection(controller: Controller): void {
  const connection = (): void => controller.store.dispatch({ type: "offline", offline: !navigator.onLine });
  addEventListener("online", connection);
  addEventListener("offline", connection);
  connection();
}
