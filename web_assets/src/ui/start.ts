/** Sets up the interface in a page. Separate from `main.tsx`, so that another `open` can be given. */
import { createElement, render } from "preact";

import type { Open } from "../api/types";
import { App } from "./app";
import { Controller } from "./controller";
import { applyTheme, storedTheme } from "./theme";

export function start(open: Open, root: Element): Controller {
  const theme = storedTheme();
  applyTheme(theme);
  history.scrollRestoration = "manual";
  const controller = new Controller((url, options) => open(url, { ...options, additions: true }), { location, history, now: () => performance.now() }, { theme });
  addEventListener("popstate", () => controller.arrived());
  const connection = (): void => controller.store.dispatch({ type: "offline", offline: !navigator.onLine });
  addEventListener("online", connection);
  addEventListener("offline", connection);
  connection();
  // Preact would use the elements of the text that the page shows until here.
  root.replaceChildren();
  render(createElement(App, { controller }), root);
  void controller.start();
  return controller;
}
