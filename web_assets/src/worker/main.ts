/** The worker: one engine, one message at a time in, every one answered. */
import { openAdditions } from "../additions/index";
import { Engine } from "../engine/index";
import { additionsHost } from "./additions";
import { assetsFrom } from "./assets";
import { serve, type Port } from "./serve";

serve(globalThis as unknown as Port, async (url, onProgress, additions) => {
  const engine = await Engine.open(url, { assets: assetsFrom(fetch), onProgress });
  return { engine, additions: additions ? openAdditions(engine, additionsHost()) : null };
});
