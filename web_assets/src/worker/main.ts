/** The worker: one engine; one message in at a time, and every one is answered. */
import { openAdditions } from "../additions/index";
import { recordRequests } from "../base/requests";
import { Engine } from "../engine/index";
import { additionsHost } from "./additions";
import { assetsFrom } from "./assets";
import { decodePicture } from "./decode";
import { serve, type Port } from "./serve";

recordRequests();
serve(globalThis as unknown as Port, async (url, onProgress, additions) => {
  const collection = await Engine.open(url, { assets: assetsFrom(fetch), decode: decodePicture, onProgress });
  return { collection, additions: additions ? openAdditions(collection, additionsHost()) : null };
});
