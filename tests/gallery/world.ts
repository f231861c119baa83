/** Real controllers over collections without files, each with an address and a history of its own. */
import type { Manifest, FieldDefinition } from "../../web_assets/src/engine/types";
import { Controller } from "../../web_assets/src/ui/controller";
import { Pictures } from "../../web_assets/src/ui/pictures/pictures";
import { MemoryShelf } from "../../web_assets/src/ui/pictures/shelf";
import { Thumbnails } from "../../web_assets/src/ui/thumbnails";
import { FakeCollection, fakeManifest, type FakeImage } from "../web/fake-collection";
import { draw, image, noNetwork } from "./drawing";

export const never = <Value>(): Promise<Value> => new Promise<Value>(() => undefined);

export const FIELDS: FieldDefinition[] = [
  { name: "title", label: "Title", type: "text", fts: true, facet: false, column: false },
  { name: "notes", label: "Notes", type: "text", fts: true, facet: false, column: false },
  { name: "colour", label: "Colour", type: "category", fts: true, facet: true, column: true },
  { name: "year", label: "Year", type: "number", fts: false, facet: false, column: true },
  { name: "tags", label: "Tags", type: "tags", fts: true, facet: true, column: true },
];

const TITLES = ["Two hills in the morning", "A walk along the river", "The old harbour", "Evening light", "A field of barley", "Snow on the pass"];

/** Images with titles and values; `more` changes one of them. */
export function images(count: number, more: (number: number) => Parameters<typeof image>[2] = () => ({})): FakeImage[] {
  return Array.from({ length: count }, (_, number) => image(number, {
    title: TITLES[number % TITLES.length]!, notes: "Drawn for the gallery: a sky, a sun and two hills, which never change.",
    colour: ["blue", "red", "green"][number % 3]!, year: 1890 + 7 * number, tags: ["hill", "sky", number % 2 ? "evening" : "morning"],
  }, more(number)));
}

const file = { path: "data/file.0000000000000000.bin", bytes: 24_000_000, raw_bytes: 24_000_000, sha256: "0".repeat(64) };

/** A manifest of a collection with a model, so that it can be searched by meaning and by picture. */
export function manifestOf(all: FakeImage[], fields: FieldDefinition[] = FIELDS): Manifest {
  const manifest = fakeManifest(all, fields);
  return {
    ...manifest,
    collection: { ...manifest.collection, title: "Drawn hills", description: "Hills that were drawn for the gallery of states.", count: all.length },
    list: { title: "title", text: "notes", columns: ["colour", "year", "tags"].filter((name) => fields.some((field) => field.name === name)) },
    thumbnails: { ...manifest.thumbnails, count: all.filter(({ thumbnail }) => thumbnail).length },
    model: {
      id: "drawn", name: "Drawn model", dim: 4, encoder_hash: "0".repeat(64), temperature: 0.1, licence: { id: "Apache-2.0", note: "", commercial: true },
      static: null, words: null, file: { ...file, index: true },
    },
  };
}

let made = 0;

function surroundings(view: string) {
  const href = `https://gallery.invalid/${String(made++)}/${view}`;
  const entries: { url: string; state: unknown }[] = [{ url: href, state: null }];
  const here = (): URL => new URL(entries.at(-1)!.url);
  const write = (state: unknown, url: string): { url: string; state: unknown } => ({ url: new URL(url, here()).href, state });
  return {
    location: {
      get search() { return here().search; }, get hash() { return here().hash; }, get pathname() { return here().pathname; }, get href() { return here().href; },
    },
    history: {
      get state() { return entries.at(-1)!.state; },
      pushState(state: unknown, _: string, url: string) { entries.push(write(state, url)); },
      replaceState(state: unknown, _: string, url: string) { entries.splice(-1, 1, write(state, url)); },
      back() { if (entries.length > 1) entries.pop(); },
    },
    now: () => performance.now(),
  };
}

export interface World {
  images?: FakeImage[];
  fields?: FieldDefinition[];
  manifest?: (manifest: Manifest) => Manifest;
  /** The view as a link: `#q=…`. */
  view?: string;
  /** The collection instead of a plain one. */
  collection?: (images: FakeImage[], fields: FieldDefinition[], manifest: Manifest) => FakeCollection;
  /** Opens never, or fails. */
  open?: "never" | "fails";
  /** What the person has done. */
  then?: (controller: Controller, collection: FakeCollection) => void | Promise<void>;
}

/** A controller as the world says; its collection is open unless the world says otherwise. */
export async function worldOf(world: World): Promise<Controller> {
  const all = world.images ?? images(6);
  const fields = world.fields ?? FIELDS;
  const manifest = world.manifest?.(manifestOf(all, fields)) ?? manifestOf(all, fields);
  const collection = world.collection?.(all, fields, manifest) ?? new FakeCollection(all, fields, manifest);
  const controller = new Controller(
    () => (world.open === "never" ? never() : world.open === "fails" ? Promise.reject(new Error("manifest.json could not be loaded (status 503).")) : Promise.resolve(collection)),
    surroundings(world.view ?? ""), { thumbnails: new Thumbnails({ fetch: noNetwork }), pictures: pictures(), latest: () => never() },
  );
  // On a wide screen they would be open.
  controller.store.dispatch({ type: "filters", open: false });
  const started = controller.start();
  if (world.open !== "never") await started;
  for (let tries = 0; controller.store.get().pending && tries < 20; tries++) await new Promise((resolve) => setTimeout(resolve, 5));
  if (controller.store.get().failure && world.open !== "fails") throw new Error(`The world did not open: ${String(controller.store.get().failure)}`);
  await world.then?.(controller, collection);
  return controller;
}

/** Embeds what it is given; a file with "slow" in its content is never done, one with "bad" fails. */
function pictures(): Pictures {
  return new Pictures({
    shelf: new MemoryShelf(), model: () => "drawn", now: () => 0, rasterise: (file) => Promise.resolve(file), address: () => draw(3).url,
    embed: async (file) => {
      const content = await file.text();
      if (content.includes("bad")) throw new Error("The picture model could not be loaded.");
      return content.includes("slow") ? never() : new Float32Array([1, 0, 0, 0]);
    },
  });
}

/** A file that looks like a picture. */
export function pictureFile(name: string, content: string): File {
  const head = new Uint8Array(33);
  head.set([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
  new DataView(head.buffer).setUint32(16, 320);
  new DataView(head.buffer).setUint32(20, 240);
  return new File([head, content], name, { type: "image/png" });
}
