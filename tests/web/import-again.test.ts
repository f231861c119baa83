/** Scripts that could not be fetched are fetched again, from another address. */
import { describe, expect, it } from "vitest";
import { importAgain } from "../../web_assets/build/again";

/** What a script imports, one after the other. `fails`: how often the import fails first. */
async function imported(code: string, times: number, fails: number): Promise<string[]> {
  const asked: string[] = [];
  const load = (path: string): Promise<object> => {
    asked.push(path);
    return asked.length <= fails ? Promise.reject(new TypeError("Failed to fetch")) : Promise.resolve({});
  };
  // The import itself needs a browser, so another function takes its place.
  const run = new Function("load", `return ${importAgain(code).replaceAll("import(", "load(")};`) as (load: unknown) => Promise<object>;
  for (let time = 0; time < times; time++) await run(load).catch(() => undefined);
  return asked;
}

describe("an import", () => {
  it("has another address after each failure, and keeps the one that worked", async () => {
    expect(await imported('import("./one.0123.js")', 4, 2)).toEqual(["./one.0123.js", "./one.0123.js?again=1", "./one.0123.js?again=2", "./one.0123.js?again=2"]);
  });

  it("keeps its address if it works", async () => {
    expect(await imported("import(`./two.0123.js`)", 2, 0)).toEqual(["./two.0123.js", "./two.0123.js"]);
  });

  it("of a name that is not in the code stays as it is", () => {
    for (const code of ["import(url)", 'import("node:fs")', 'import("./data.json")', 'port.import("x")']) expect(importAgain(code)).toBe(code);
  });
});
