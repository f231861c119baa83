/** The start page in the manifest: the golden cases, as the reader in Python reads them. */
import { describe, expect, it } from "vitest";

import { readManifest, type Manifest } from "../../web_assets/src/format";
import { isHome, sectionsOf } from "../../web_assets/src/ui/home/check";
import { golden, json } from "./support/files";

const manifest = json<Manifest>(golden, "site-tiny", "manifest.json");
const cases = json<{ rows: number; accepted: Manifest["home"][]; refused: unknown[] }>(golden, "home.json");

describe("the start page of a manifest", () => {
  it("is accepted as it was written", () => {
    expect(cases.rows).toBe(manifest.collection.count);
    expect(cases.accepted.length).toBeGreaterThan(3);
    for (const home of cases.accepted) expect([isHome(home, manifest), readManifest({ ...manifest, home }).home]).toEqual([true, home]);
  });

  it("is left out if it names what there is not, or has another form", () => {
    expect(cases.refused.length).toBeGreaterThan(10);
    for (const home of [...cases.refused, null, undefined, 3]) expect(isHome(home, manifest), JSON.stringify(home)).toBe(false);
  });
});

it("a site that leaves the sections to the page has the usual ones", () => {
  expect(sectionsOf(null)).toEqual(["topics", "on-this-day"]);
  expect(sectionsOf({ ...manifest, home: cases.refused[0] } as never)).toEqual(["topics", "on-this-day"]);
  expect(sectionsOf({ ...manifest, home: { sections: ["recent"], sample: [], recent: [], dated: null } } as never)).toEqual(["recent"]);
});
