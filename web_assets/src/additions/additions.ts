/** The additions of one site: which are stored, which of them are searched, and every change to them. */
import { pause } from "../base/async";
import { messageOf, part } from "../base/errors";
import { MAX_PICTURE_BYTES } from "../base/limits";
import type { SiteResources } from "../engine/resources";
import { captionField, tagsField } from "./fields";
import type { AdditionsMethods } from "./methods";
import { Overlay, type Shown } from "./overlaid";
import { Store, RESTORABLE_MS } from "./store";
import {
  AdditionsError, type AddOutcome, type Addition, type AdditionChange, type AdditionsHost, type AdditionsState, type ImportOutcome, type NewPicture,
} from "./types";

/** How long (ms) a search waits for the pictures stored on the device. */
const DEVICE_WAIT_MS = 3000;
const MAX_CAPTION_LENGTH = 5000;
const MAX_TAGS = 100;
const MAX_TAG_LENGTH = 100;

export interface Surroundings {
  site: SiteResources;
  address: string;
  host: AdditionsHost;
  /** Called with the additions to search after every change; null for none. */
  onOverlay: (overlay: Overlay | null) => void;
}

export class Additions implements AdditionsMethods {
  /** Resolves once it is known what is stored, or that nothing can be stored; never rejects. */
  readonly ready: Promise<void>;
  /** The same, with a time limit: a device that does not answer must not block searches. */
  readonly loaded: Promise<void>;
  onChange: (state: AdditionsState) => void = () => undefined;

  private store: Store | null = null;
  private unable: string | null = null;
  private all: Addition[] = [];
  private published = new Set<string>();
  private retired: string[] = [];
  /** Different in every worker, so that the page notices a new worker. */
  private version: number;
  private readonly urls = new Map<string, string>();
  private channel: ReturnType<AdditionsHost["channel"]> | null = null;
  /** Changes run one after another. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly surroundings: Surroundings) {
    this.version = surroundings.host.now();
    this.ready = this.open().catch((error: unknown) => {
      this.unable = messageOf(error);
      this.tell();
    });
    this.loaded = Promise.race([this.ready, pause(DEVICE_WAIT_MS)]);
  }

  async state(): Promise<AdditionsState> {
    await this.loaded;
    return this.current;
  }

  /** The state as far as it is known. */
  get current(): AdditionsState {
    const { fields } = this.surroundings.site.manifest;
    const list = this.all.map((addition) => {
      const { id, name, bytes, width, height, caption, tags, added } = addition;
      const embedded = this.usable(addition) !== null;
      return { id, name, bytes, width, height, caption, tags, added, embedded, thumbnail: this.url(addition), published: this.published.has(id) };
    });
    return {
      unable: this.unable,
      list: list.reverse(),
      count: this.shown().length,
      bytes: this.all.reduce((sum, { bytes, thumbnail }) => sum + bytes + thumbnail.length, 0),
      version: this.version,
      captionField: named(captionField(fields)),
      tagsField: named(tagsField(fields)),
      retired: this.retired,
    };
  }

  /**
   * Make a picture part of the collection on this device.
   * @throws AdditionsError if it cannot be stored; the error of the host for a file that is not a picture
   */
  add(picture: NewPicture): Promise<AddOutcome> {
    return this.inTurn(async () => {
      const store = this.able();
      const { file } = picture;
      if (file.size > MAX_PICTURE_BYTES) throw new AdditionsError(`This file is too large. The limit is ${String(MAX_PICTURE_BYTES / 1e6)} MB.`);
      if (!file.size) throw new AdditionsError("The file is empty.");
      const { addition, outcome } = await this.make(picture);
      if (!addition) return outcome;
      await store.put(addition, file);
      await this.changed();
      return outcome;
    });
  }

  /** Change caption and tags. */
  async edit(id: string, change: AdditionChange): Promise<void> {
    await this.inTurn(async () => {
      const done = await this.able().update([id], () => ({ ...tidy(change), edited: this.surroundings.host.now() }));
      if (!done.length) throw new AdditionsError("The picture is no longer on this device.");
      await this.changed();
    });
  }

  /** Take pictures out; they can be restored for ten minutes. */
  async remove(ids: string[]): Promise<void> {
    await this.inTurn(async () => {
      await this.able().update(ids, () => ({ removed: this.surroundings.host.now() }));
      await this.changed();
    });
  }

  async restore(ids: string[]): Promise<void> {
    await this.inTurn(async () => {
      const done = await this.able().update(ids, () => ({ removed: null }));
      await this.changed();
      if (done.length < ids.length) throw new AdditionsError("This picture can no longer be restored.");
    });
  }

  /** The file as it was added. */
  async original(id: string): Promise<Blob> {
    const file = await this.able().original(id);
    if (!file) throw new AdditionsError("The picture is no longer on this device.");
    return file;
  }

  /** All additions as a bundle (docs/FORMAT.md, section 4). */
  async export(): Promise<Blob> {
    return await this.inTurn(async () => {
      const store = this.able();
      const { manifest } = this.surroundings.site;
      const when = this.surroundings.host.now();
      const [{ writeBundle }, { exported }] = await exchange();
      const bundle = await writeBundle(exported(this.all, manifest, when), async ({ sha256 }) => await this.file(store, sha256.slice(0, 16)));
      await store.update(this.all.map(({ id }) => id), () => ({ exported: when }));
      await this.changed();
      return bundle;
    });
  }

  /** Add the pictures of a bundle. */
  async import(file: Blob): Promise<ImportOutcome> {
    this.able();
    const { sha256 } = this.surroundings.host;
    const [{ readBundle }, { importedFields }] = await exchange();
    const bundle = await readBundle(file, sha256!);
    const outcome = { added: 0, known: 0 };
    for (const picture of bundle.index.pictures) {
      const content = new Blob([await bundle.picture(picture)], { type: picture.type });
      const { kind } = await this.add({ file: content, name: picture.name, ...importedFields(bundle.index, picture) });
      outcome[kind]++;
    }
    return outcome;
  }

  close(): void {
    this.channel?.close();
    this.store?.close();
    for (const url of this.urls.values()) URL.revokeObjectURL(url);
  }

  private async open(): Promise<void> {
    const { site, address, host } = this.surroundings;
    if (!host.sha256) throw new AdditionsError("Pictures can only be added if the page is opened over https.");
    const { collection } = site.manifest;
    const seen = {
      address, title: collection.title, hash: collection.hash,
      rowOf: (id: string) => site.rowOf(id), sampleIds: (most: number) => site.rows.sampleIds(most),
    };
    this.store = await Store.open(seen, () => {
      this.store = null;
      this.unable = "Another tab uses a newer version of this page. Reload this tab.";
      this.tell();
    });
    this.channel = host.channel(`imagedb-additions ${this.store.site}`, () => {
      this.inTurn(() => this.reload()).catch(() => undefined);
    });
    await this.retire(this.store, await this.store.all());
    await this.reload();
    void this.embedAgain();
  }

  /** Delete pictures whose time for undo is over, and those that the collection itself has by now. */
  private async retire(store: Store, all: readonly Addition[]): Promise<void> {
    const known = await this.knownIds(all);
    const late = this.surroundings.host.now() - RESTORABLE_MS;
    const gone = all.filter(({ removed }) => removed !== null && removed < late);
    const done = all.filter(({ id, removed, edited, exported: last }) =>
      removed === null && known.has(id) && (edited === null || (last !== null && last >= edited)));
    await store.delete([...gone, ...done].map(({ id }) => id));
    this.retired = done.map(({ name }) => name);
    if (done.length) this.channel?.tell();
  }

  private async reload(): Promise<void> {
    if (!this.store) return;
    const stored = await this.store.all();
    this.all = stored.filter(({ removed }) => removed === null);
    this.published = await this.knownIds(this.all);
    // A removed picture may still be on screen for a moment, and may come back.
    const here = new Set(stored.map(({ id }) => id));
    for (const [id, url] of this.urls) {
      if (here.has(id)) continue;
      URL.revokeObjectURL(url);
      this.urls.delete(id);
    }
    const shown = this.shown();
    this.surroundings.onOverlay(shown.length ? new Overlay(shown, this.surroundings.site.manifest) : null);
    this.version++;
    this.tell();
  }

  /** The ids of the additions that the published collection has as well. */
  private async knownIds(additions: readonly Addition[]): Promise<Set<string>> {
    const rows = await Promise.all(additions.map(({ id }) => this.surroundings.site.rowOf(id)));
    return new Set(additions.flatMap(({ id }, i) => (rows[i] === null ? [] : [id])));
  }

  private async changed(): Promise<void> {
    await this.reload();
    this.channel?.tell();
  }

  private tell(): void {
    this.onChange(this.current);
  }

  /** What is searched: additions that are not in the published collection, oldest first. */
  private shown(): Shown[] {
    return this.all.flatMap((addition) =>
      (this.published.has(addition.id) ? [] : [{ ...addition, embedding: this.usable(addition), url: this.url(addition) }]));
  }

  /** The embedding, if the collection's model made it. */
  private usable({ embedding, encoder }: Addition): Float32Array | null {
    const { model, vectors } = this.surroundings.site.manifest;
    return embedding && encoder === model?.encoder_hash && embedding.length === vectors?.dim ? embedding : null;
  }

  private addressOf(thumbnail: Uint8Array<ArrayBuffer>, type: string): string {
    const { address } = this.surroundings.host;
    return address ? address(thumbnail, type) : URL.createObjectURL(new Blob([thumbnail], { type }));
  }

  private url({ id, thumbnail, thumbnailType }: Addition): string {
    const url = this.urls.get(id) ?? this.addressOf(thumbnail, thumbnailType);
    this.urls.set(id, url);
    return url;
  }

  private async make({ file, name, raster, caption = "", tags = [] }: NewPicture): Promise<{ addition: Addition | null; outcome: AddOutcome }> {
    const { site, host } = this.surroundings;
    const sha256 = hexOf(await host.sha256!(await file.arrayBuffer()));
    const id = sha256.slice(0, 16);
    if (await site.rowOf(id) !== null) return { addition: null, outcome: { kind: "known", id, where: "collection" } };
    if (this.all.some((addition) => addition.id === id)) return { addition: null, outcome: { kind: "known", id, where: "device" } };
    const encoder = site.encoder();
    const { pixels, ...decoded } = await host.decode(raster ?? file, site.manifest.thumbnails.size);
    const [embedding, embedded] = await Promise.all([encoder?.encodeImage(pixels) ?? null, host.metadata(file)]);
    const addition: Addition = {
      id, sha256, name: name.slice(0, 255) || "picture", bytes: file.size, type: file.type, ...decoded, ...tidy({ caption, tags }), embedded,
      embedding, encoder: embedding && (site.manifest.model?.encoder_hash ?? null),
      added: host.now(), edited: null, exported: null, removed: null,
    };
    return { addition, outcome: { kind: "added", id } };
  }

  /** Embed pictures again whose embedding is from another model: the collection has been published with a new model since. */
  private async embedAgain(): Promise<void> {
    const { site, host } = this.surroundings;
    const encoder = site.encoder();
    const model = site.manifest.model?.encoder_hash;
    if (!encoder || !model) return;
    for (const { id } of this.all.filter((addition) => !this.usable(addition))) {
      try {
        const { pixels } = await host.decode(await this.original(id), site.manifest.thumbnails.size);
        const embedding = await encoder.encodeImage(pixels);
        await this.inTurn(async () => {
          await this.able().update([id], () => ({ embedding, encoder: model }));
          await this.changed();
        });
      } catch {
        // It can still be found by its words; the next visit tries again.
      }
    }
  }

  private able(): Store {
    if (!this.store) throw new AdditionsError(this.unable ?? "The pictures on this device have not been read yet. Try again.");
    return this.store;
  }

  private async file(store: Store, id: string): Promise<Blob> {
    const file = await store.original(id);
    if (!file) throw new AdditionsError("A picture is missing on this device; remove it and export again.");
    return file;
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(() => this.ready).then(work);
    this.turn = result.catch(() => undefined);
    return result;
  }
}

/** Loaded when it is needed: most visitors never export. */
function exchange() {
  return Promise.all([part(import("./bundle"), "writeBundle"), part(import("./exchange"))]);
}

function tidy({ caption, tags }: AdditionChange): AdditionChange {
  const clean = tags.map((tag) => tag.replace(/[,;\s]+/g, " ").trim().slice(0, MAX_TAG_LENGTH)).filter(Boolean);
  return { caption: caption.trim().slice(0, MAX_CAPTION_LENGTH), tags: [...new Set(clean)].slice(0, MAX_TAGS) };
}

function named({ name, label }: { name: string; label: string }): { name: string; label: string } {
  return { name, label };
}

function hexOf(buffer: ArrayBuffer): string {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
