/** A tab that stays open while the site is published again. */
import { describe, expect, it, vi } from "vitest";

import type { Manifest } from "../../web_assets/src/engine/types";
import { Updates } from "../../web_assets/src/ui/updates";
import { golden, json } from "./support/files";

const known = json<Manifest>(golden, "site-tiny", "manifest.json");
const other: Manifest = { ...known, program: { ...known.program, path: "data/program.0123456789abcdef.bin" } };

function updates(latest: () => Promise<unknown>, manifest: Manifest | null = known) {
  let time = 0;
  const means = { manifest: () => manifest, latest: vi.fn(latest), found: vi.fn(), now: () => time };
  return { ...means, updates: new Updates(means), wait: (milliseconds: number) => { time += milliseconds; } };
}

describe("an update of the site", () => {
  it("is found when something fails, also if only the program is new, and reported once", async () => {
    const { updates: watched, found, latest, wait } = updates(() => Promise.resolve(structuredClone(other)));
    await Promise.all([watched.suspect(), watched.suspect()]);
    expect(found).toHaveBeenCalledTimes(1);
    wait(60_000);
    await watched.suspect();
    expect(latest).toHaveBeenCalledTimes(1);
  });

  it("is not the reason if the host has the same site, another answer or none", async () => {
    for (const answer of [structuredClone(known), { format: "something else" }, null, "<html>", 404]) {
      const { updates: watched, found } = updates(() => Promise.resolve(answer));
      await watched.suspect();
      expect(found).not.toHaveBeenCalled();
    }
    const { updates: unreachable, found } = updates(() => Promise.reject(new Error("offline")));
    await unreachable.suspect();
    expect(found).not.toHaveBeenCalled();
  });

  it("is looked for again after a while, and at once if another service worker is in charge", async () => {
    let answer: Manifest = known;
    const { updates: watched, found, latest, wait } = updates(() => Promise.resolve(answer));
    await watched.suspect();
    answer = other;
    await watched.suspect();
    expect(latest).toHaveBeenCalledTimes(1);
    await watched.replaced();
    expect(found).toHaveBeenCalledTimes(1);
    wait(20_000);
  });

  it("is not looked for before the site is open", async () => {
    const { updates: watched, latest } = updates(() => Promise.resolve(other), null);
    await watched.suspect();
    expect(latest).not.toHaveBeenCalled();
  });
});
