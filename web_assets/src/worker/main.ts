/** The worker: one engine, one message at a time in, every one answered. */
import { Engine } from "../engine/index";
import { assets } from "./assets";
import { serve, type Port } from "./serve";

serve(globalThis as unknown as Port, (url, onProgress) => Engine.open(url, { assets, onProgress }));
