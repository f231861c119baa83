/** The HTTP API of the service worker. tests/e2e/test_http_twice.py compares it with the server's, byte for byte. */
import { beforeAll, describe, expect, it } from "vitest";
import { join } from "node:path";
import { Engine } from "../../web_assets/src/engine";
import { fetchAnything, fileAddress } from "../../web_assets/src/api/files";
import { answer, isForApi } from "../../web_assets/src/http/api";
import { State } from "../../web_assets/src/http/state";
import { ROUTES } from "../../web_assets/src/http/table";
import { golden } from "./support/files";
import { assets } from "./support/site";

let state: State;
beforeAll(async () => {
  const engine = await Engine.open(fileAddress(join(golden, "site-queries")), { fetch: fetchAnything, assets });
  state = new State(engine, "/", null);
});

const asked = (target: string, method = "GET", body = "", accept = "") => {
  const [path, query = ""] = target.split("?") as [string, string?];
  return { method, path, query, accept, body: () => Promise.resolve(new TextEncoder().encode(body)) };
};
const ask = async (...request: Parameters<typeof asked>): Promise<Response> => await answer(asked(...request), () => Promise.resolve(state));
const json = async (...request: Parameters<typeof asked>): Promise<Record<string, unknown>> => await (await ask(...request)).json() as Record<string, unknown>;

describe("the API", () => {
  it("answers every address of the description", async () => {
    const { id } = await json("api/batches?size=5");
    const values = new Map([["id", "9966e6c00a5741a5"], ["tag", "1"], ["batches", String(id)], ["part", "train"], ["n", "0"]]);
    const query = "?q=cat&field=tags&name=dog&id=9966e6c00a5741a5";
    expect(ROUTES.length).toBeGreaterThan(20);
    for (const { name, method, parts } of ROUTES) {
      const path = parts.map((part) => (part.startsWith("{") ? values.get(part.slice(1, -1))! : part)).join("/");
      expect(isForApi(asked(path, method)), name).toBe(true);
      expect((await ask(path + query, method, "{}")).status, name).toBe(200);
    }
  });

  it("says what it refuses", async () => {
    for (const [target, status, message] of [
      ["api/search?q=cat&mode=all", 501, /needs the model/], ["api/search?q=image:x.jpg", 501, /needs the model/], ["search?q=a-b", 400, /not a full-text expression/],
      ["posts?batch_size=0", 400, /from 1 to 1000/], ["tag/99", 404, /1 to 23/], ["api/nothing", 404, /no such address/], ["api/search?k=201", 400, /from 1 to 200/],
    ] as const) {
      const response = await ask(target);
      expect(response.status, target).toBe(status);
      expect(await response.text()).toMatch(message);
      expect(response.headers.get("cache-control")).toBe("no-store");
    }
    expect((await ask("posts/batch", "POST", " ".repeat(70_000))).status).toBe(413);
  });

  it("leaves the files of the site alone", () => {
    for (const path of ["", "index.html", "api/", "api/openapi.json", "data/x.bin", "searches", "%FF"]) expect(isForApi(asked(path)), path).toBe(false);
    expect(isForApi(asked("", "GET", "", "application/json"))).toBe(true);
    expect(isForApi(asked("", "GET", "", "text/html,application/json"))).toBe(false);
  });

  it("answers HEAD without a body, and OPTIONS", async () => {
    const head = await ask("stats", "HEAD");
    expect([head.status, await head.text(), Number(head.headers.get("content-length")) > 0]).toEqual([200, "", true]);
    const options = await ask("posts/batch", "OPTIONS");
    expect([options.status, options.headers.get("access-control-allow-methods")]).toEqual([204, "POST, OPTIONS"]);
  });

  it("says that a file is damaged instead of giving an empty answer", async () => {
    const response = await answer(asked("api/search?q=cat"), () => Promise.reject(new Error("damaged")));
    expect([response.status, await response.text()]).toEqual([500, '{"error":"A file of the site cannot be read."}']);
  });
});
