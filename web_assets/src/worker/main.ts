/** The worker: one engine, one message at a time in, every one answered. */
import { Engine } from "../engine/index";
import { assetsFrom } from "./assets";
import { serve, type Port } from "./serve";

serve(globalThis as unknown as Port, (url, onProgress) => Engine.open(url, { assets: assetsFrom(fetch), onProgress }));
