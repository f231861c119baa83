/** The worker: one engine, one message at a time in, every one answered. */
import { Engine } from "../engine/index";
import { additionsHost } from "./additions";
import { assetsFrom } from "./assets";
import { serve, type Port } from "./serve";

serve(globalThis as unknown as Port, (url, onProgress, additions) =>
  Engine.open(url, { assets: assetsFrom(fetch), onProgress, ...(additions ? { additions: additionsHost() } : {}) }));
