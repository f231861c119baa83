/** The application on a page from the disk. Its styles are those of the normal application. */
import type { Boot } from "../boot/types";
import { Views } from "../ui/detail/views";
import { start } from "../ui/start";
import { Thumbnails } from "../ui/thumbnails";
import { fetchOver } from "./fetch";
import { ScriptFiles } from "./files";
import { openFrom } from "./open";

const host = window.imagedbPortable;
const { imagedbBoot: boot } = window as { imagedbBoot?: Boot };
const root = document.getElementById("app");
if (host && root && boot?.mayStart() !== false) {
  const files = new ScriptFiles(host);
  const base = new URL("./", location.href).href;
  const fetch = fetchOver(base, (path) => files.read(path));
  start(openFrom(host, files), root, {
    thumbnails: new Thumbnails({ plain: true, fetch }),
    views: new Views({ plain: true }),
    latest: async (url) => await (await fetch(url)).json() as unknown,
  });
  boot?.started();
}
