/** The library in Node, with a site on the disk and over HTTP. */
import { createServer, type Server } from "node:http";
import { existsSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FormatError, LoadError, open } from "../../web_assets/src/api/node";
import { golden } from "./support/files";

const folder = join(golden, "site-tiny");
let server: Server;
let address: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = join(folder, decodeURIComponent(new URL(request.url!, "http://x").pathname));
    if (!existsSync(path)) return response.writeHead(404).end();
    response.end(readFileSync(path));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => { server.close(); });

describe("open", () => {
  it.each([["a folder", () => folder], ["a server", () => address], ["a manifest", () => `${address}manifest.json`]])("takes %s", async (_, url) => {
    const collection = await open(url());
    const { results } = await collection.search({ text: "lighthouse", mode: "words", k: 5 });
    expect(results.map(({ row }) => row).sort((a, b) => a - b)).toEqual([9, 20]);
    expect((await collection.document(9)).fields["title"]).toBe("The old lighthouse by the sea");
    collection.close();
  });

  it("reports what is missing", async () => {
    await expect(open(join(folder, "nothing"))).rejects.toBeInstanceOf(LoadError);
    await expect(open(`${address}nothing/`)).rejects.toMatchObject({ status: 404 });
    await expect(open(join(golden, "pack-tiny", "pack.json"))).rejects.toBeInstanceOf(FormatError);
  });

  it("reports progress until it is stopped", async () => {
    const collection = await open(folder);
    const steps: string[] = [];
    const stop = collection.onProgress(({ step }) => steps.push(step));
    await collection.rows([0]);
    expect(steps).toContain("rows");
    stop();
    const { length } = steps;
    await collection.document(0);
    expect(steps).toHaveLength(length);
    collection.close();
  });
});
