/** The queue of pictures that are being added, and what it reports to the page. */
import { describe, expect, it, vi } from "vitest";
import type { AddOutcome, AdditionsState, LocalAdditions, NewPicture } from "../../web_assets/src/api/additions";
import { Adding, bundleName, type Means } from "../../web_assets/src/ui/additions/adding";

const PNG = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1]);
const png = (name: string) => new File([PNG], name, { type: "image/png" });

const nothing: AdditionsState = {
  unable: null, list: [], count: 0, bytes: 0, version: 1, captionField: { name: "caption", label: "Caption" },
  tagsField: { name: "tags", label: "Tags" }, retired: [],
};

class FakePort {
  listener: (state: AdditionsState) => void = () => undefined;
  readonly added: string[] = [];
  readonly restored: string[][] = [];
  running = 0;
  most = 0;
  first: AdditionsState = nothing;
  answer: (picture: NewPicture) => Promise<AddOutcome> = ({ name }) => Promise.resolve({ kind: "added", id: name });
  removal: Error | null = null;

  onChange(listener: (state: AdditionsState) => void): () => void {
    this.listener = listener;
    return () => undefined;
  }

  state = () => Promise.resolve(this.first);

  async add(picture: NewPicture): Promise<AddOutcome> {
    this.most = Math.max(this.most, ++this.running);
    await new Promise((resolve) => { setTimeout(resolve, 1); });
    this.running--;
    this.added.push(picture.name);
    return await this.answer(picture);
  }

  remove = () => (this.removal ? Promise.reject(this.removal) : Promise.resolve());
  restore = (ids: string[]) => Promise.resolve(void this.restored.push(ids));
  export = () => Promise.resolve(new Blob(["zip"]));
  import = () => Promise.resolve({ added: 2, known: 1 });
}

function adding() {
  const port = new FakePort();
  const means = {
    port: () => port as unknown as LocalAdditions, changed: vi.fn(), say: vi.fn(), rasterise: vi.fn(() => Promise.resolve(new Blob(["raster"]))),
    persist: vi.fn(() => Promise.resolve(true)), estimate: () => Promise.resolve({ used: 1, quota: 10 }), download: vi.fn(),
  } satisfies Means;
  return { port, means, adding: new Adding(means) };
}

describe("adding pictures", () => {
  it("adds them one after another, and asks once for persistent storage", async () => {
    const { port, means, adding: it } = adding();
    await Promise.all([it.add([png("a.png"), png("b.png")]), it.add([png("c.png")])]);
    expect(port.added).toEqual(["a.png", "b.png", "c.png"]);
    expect(port.most).toBe(1);
    expect(means.persist).toHaveBeenCalledTimes(1);
    expect(it.state.jobs.map(({ state }) => state)).toEqual(["added", "added", "added"]);
    await expect.poll(() => it.state.room).toEqual({ used: 1, quota: 10 });
  });

  it("reports the outcome for each file", async () => {
    const { port, adding: it } = adding();
    port.answer = ({ name }) => {
      if (name === "known.png") return Promise.resolve({ kind: "known", id: "x", where: "collection" });
      const error = new Error("This device is out of storage space.");
      error.name = "AdditionsError";
      return Promise.reject(error);
    };
    await it.add([new File(["text"], "x.txt"), new File([], "empty.png"), png("known.png"), png("full.png")]);
    expect(it.state.jobs.map(({ state, message }) => [state, message])).toEqual([
      ["failed", "This is not a picture."], ["failed", "This file is empty."],
      ["known", "This picture is already in the collection."], ["failed", "This device is out of storage space."],
    ]);
    // It is removed once it has been seen.
    it.show(false);
    expect(it.state.jobs).toEqual([]);
  });

  it("draws SVG in the page, because a worker cannot", async () => {
    const { port, means, adding: it } = adding();
    const given: NewPicture[] = [];
    port.answer = (picture) => {
      given.push(picture);
      return Promise.resolve({ kind: "added", id: "x" });
    };
    await it.add([new File(['<svg xmlns="http://www.w3.org/2000/svg"/>'], "x.svg", { type: "image/svg+xml" })]);
    expect(means.rasterise).toHaveBeenCalledTimes(1);
    expect(given[0]?.raster).toBeInstanceOf(Blob);
  });

  it("imports bundles as a whole", async () => {
    const { port, means, adding: it } = adding();
    await it.add([new File(["zip"], "from-the-phone.zip", { type: "application/zip" })]);
    expect(port.added).toEqual([]);
    expect(means.say).toHaveBeenCalledWith("2 added from the bundle, 1 already here");
  });

  it("reports to the page when results change", async () => {
    const { port, means, adding: it } = adding();
    await it.start();
    expect(means.changed).not.toHaveBeenCalled();
    port.listener({ ...nothing, version: 2, count: 1 });
    port.listener({ ...nothing, version: 2, count: 1 });
    expect(means.changed).toHaveBeenCalledTimes(1);
  });

  it("reports deleted copies until the message is dismissed", async () => {
    const { port, adding: it } = adding();
    port.first = { ...nothing, retired: ["a.png"] };
    await it.start();
    expect(it.state.retired).toEqual(["a.png"]);
    it.dismissRetired();
    expect(it.state.retired).toEqual([]);
  });

  it("restores removed pictures on request", async () => {
    const { port, means, adding: it } = adding();
    await it.remove(["a"], "Boat");
    expect(means.say.mock.calls).toEqual([["“Boat” was removed.", expect.any(Function)]]);
    expect(port.restored).toEqual([]);
    (means.say.mock.calls[0]![1] as () => void)();
    expect(port.restored).toEqual([["a"]]);
    port.removal = new Error("The device could not store the change.");
    await it.remove(["a"], "Boat");
    expect(it.state.problem).toBe("The device could not store the change.");
  });

  it("names a bundle after the collection and the date", async () => {
    expect(bundleName("Tiny & <golden> Été", "2026-11-21")).toBe("tiny-golden-ete-additions-2026-11-21.zip");
    expect(bundleName("***", "2026-11-21")).toBe("pictures-additions-2026-11-21.zip");
    const { means, adding: it } = adding();
    await it.export("Cats");
    expect(means.download.mock.calls[0]).toEqual([expect.any(Blob), expect.stringMatching(/^cats-additions-\d{4}-\d\d-\d\d\.zip$/)]);
    expect(it.state.busy).toBeNull();
  });
});
