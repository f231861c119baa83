/** The entry of the site's page. */
import "./styles/main.css";

import { recordRequests } from "../base/requests";
import { opener, serviceWorkerScript } from "../api";
import type { Boot } from "../boot/types";
import { keepOffline } from "./offline";
import { start } from "./start";

recordRequests();
/** Absent in a page that another program wrote. */
const boot = (globalThis as { imagedbBoot?: Boot }).imagedbBoot;
const root = document.getElementById("app");
/** Opened from the disk, a portable site is started by a script of its own. */
const fromDisk = location.protocol === "file:" && document.documentElement.hasAttribute("data-portable");
if (root && !fromDisk && boot?.mayStart() !== false) {
  const controller = start(opener(boot ?? null), root);
  boot?.started();
  keepOffline(controller, serviceWorkerScript);
}
