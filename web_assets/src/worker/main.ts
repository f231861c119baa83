/**
 * The worker: one engine; one message in at a time, and every one is answered. What the first view needs is here, so that
 * pictures appear early; the rest of the engine follows.
 */
import { part } from "../base/errors";
import { recordRequests } from "../base/requests";
import { keepsPictures } from "../additions/device";
import { Published } from "../engine/published";
import { early } from "./early";
import { serve, type Port } from "./serve";

recordRequests();
serve(globalThis as unknown as Port, async (url, onProgress, { additions, search }) => {
  const program = () => part(import("./whole"), "whole");
  // An error is reported by whatever needs it.
  if (search) program().catch(() => undefined);
  const kept = additions ? keepsPictures() : Promise.resolve(false);
  const site = await Published.open(url, { fetch, onProgress });
  return early(site, { additions, kept, load: async () => (await program()).whole(site, url, additions) });
});
