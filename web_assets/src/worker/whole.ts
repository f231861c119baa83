/** The search of a site that is open, with the pictures added on this device. Loaded when something needs it. */
import { openAdditions } from "../additions/index";
import { Engine } from "../engine/index";
import type { Published } from "../engine/published";
import { additionsHost } from "./additions";
import { assetsFrom } from "./assets";
import { decodePicture } from "./decode";
import type { Opened } from "./serve";

export function whole(site: Published, url: string, additions: boolean): Opened {
  const collection = Engine.over(site, url, { assets: assetsFrom(fetch), decode: decodePicture });
  return { collection, additions: additions ? openAdditions(collection, additionsHost()) : null };
}
