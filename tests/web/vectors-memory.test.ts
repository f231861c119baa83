/** There is one copy of the vectors in memory: the coarse codes are let go when the int8 codes have loaded. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Resources } from "../../web_assets/src/engine/resources";
import { Engine } from "../../web_assets/src/engine";
import type { Manifest } from "../../web_assets/src/format";
import { bytes, golden, json } from "./support/files";
import { assets, BASE, serve } from "./support/site";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const Memory = WebAssembly.Memory;
/** The memories that were made and are not collected yet. */
const live = new Set<number>();
let made = 0;

beforeAll(() => {
  const gone = new FinalizationRegistry<number>((number) => live.delete(number));
  WebAssembly.Memory = new Proxy(Memory, {
    construct(target, [descriptor]: [WebAssembly.MemoryDescriptor]) {
      const memory = new target(descriptor);
      live.add(made);
      gone.register(memory.buffer, made++);
      return memory;
    },
  });
});
afterAll(() => { WebAssembly.Memory = Memory; });

it("keeps one of both kinds of codes", async () => {
  const server = serve(json<Manifest>(golden, "site-grown", "manifest.json"), new Map(), (path) => bytes(golden, "site-grown", path));
  const engine = await Engine.open(BASE, { fetch: server.fetch, assets });
  const { resources } = engine as unknown as { resources: Resources };
  const query = new Float32Array(resources.manifest.vectors!.dim).fill(0.1);
  await (async () => {
    const rough = await resources.rough();
    expect(rough.rough).toBe(true);
    expect((await rough.search(query, 3)).rows).toHaveLength(3);
  })();
  expect([...live]).toEqual([0]);
  const nearest = await resources.nearest();
  expect(await resources.rough()).toBe(nearest);
  await expect.poll(() => {
    collect();
    return [...live];
  }).toEqual([1]);
  expect((await nearest.search(query, 3)).rows).toHaveLength(3);
});
