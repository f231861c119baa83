/** Turns what the person does into searches and views. Only this file uses the collection and the browser's history. */
import { forPeople } from "./state/for-people";
import type { Collection, Open } from "../api/types";
import { messageOf } from "../base/errors";
import { isAbort } from "./aborted";
import type { Answer, ImageDocument, RowInfo, SearchRequest } from "../engine/types";
import { addingOf } from "./additions/means";
import type { Adding } from "./additions/adding";
import { createStore, type Store } from "./state/store";
import { browseList, pageOf, together, type List } from "./state/list";
import { initialState, reduce, type Action, type State, type Theme } from "./state/reducer";
import { formatView, HOME, isBrowsing, MAX_QUERY_PICTURES, parseView, searchKey, withPictures, type View } from "./state/view";
import { Pictures } from "./pictures/pictures";
import { picturesOf } from "./pictures/means";
import { Documents } from "./documents";
import type { Surroundings } from "./surroundings";
import { storedLayout, storeLayout, type Layout } from "./layout";
import { Thumbnails } from "./thumbnails";
import { Updates } from "./updates";
import { Views } from "./detail/views";
import { NO_VIEW, type Anchor, type Place, type ResultsView } from "./results/view";

export interface Steps {
  /** Replace the current history entry instead of adding one. */
  replace?: boolean;
}

/** What a history entry stores in addition to its URL. */
interface Entry {
  anchor?: Anchor;
  /** Whether the entry was made by this page, so that going back stays in the collection. */
  inside?: boolean;
}

const REMEMBERED = 12;
const READING_BEYOND = 240;

export class Controller {
  readonly store: Store<State, Action>;
  readonly thumbnails: Thumbnails;
  readonly views: Views;
  readonly pictures: Pictures;
  readonly adding: Adding;
  readonly updates: Updates;
  readonly documents: Documents;
  collection: Collection | null = null;
  /** The view that shows the results now. */
  results: ResultsView = NO_VIEW;

  readonly #open: Open;
  readonly #env: Surroundings;
  readonly #base: string;
  readonly #lists = new Map<string, List>();
  readonly #loadingPages = new Set<string>();
  /** The rows of the list that the Data page shows. */
  #rows: readonly number[] = [];
  #search: AbortController | null = null;
  /** The place to scroll to when the list with this key is shown. */
  #restore: Place | null = null;

  constructor(
    open: Open, env: Surroundings,
    options: { theme?: Theme; thumbnails?: Thumbnails; views?: Views; pictures?: Pictures; latest?: (url: string) => Promise<unknown> } = {},
  ) {
    this.#open = open;
    this.#env = env;
    this.#base = new URL("./", env.location.href).href;
    this.store = createStore(reduce, initialState(parseView(env.location.search, env.location.hash), options.theme, storedLayout(this.#base)));
    this.thumbnails = options.thumbnails ?? new Thumbnails();
    this.thumbnails.onLoading = (loading) => this.collection?.pictures?.(loading);
    this.views = options.views ?? new Views();
    this.documents = new Documents((row) => this.collection?.document(row) ?? Promise.reject(new Error("The collection is not open yet.")));
    this.pictures = options.pictures ?? picturesOf(() => this.collection);
    this.adding = addingOf({
      collection: () => this.collection,
      changed: ({ count, version }) => {
        this.store.dispatch({ type: "local", count, version });
        this.#refresh();
      },
      say: (text, undo) => this.say(text, undo),
    });
    const latest = options.latest ?? ((url) => fetch(url, { cache: "no-cache" }).then((response) => response.json() as Promise<unknown>));
    this.updates = new Updates({
      manifest: () => this.store.get().manifest,
      latest: () => latest(new URL("manifest.json", this.#base).href),
      found: () => { this.store.dispatch({ type: "updated" }); },
      now: env.now,
    });
  }

  /** Let a view show the results; the returned function removes it. */
  attach(view: ResultsView): () => void {
    this.results = view;
    return () => { if (this.results === view) this.results = NO_VIEW; };
  }

  /** The place to scroll to in the list with this key; null if there is none. Returned only once. */
  takeRestored(key: string): Anchor | null {
    if (this.#restore?.key !== key) return null;
    const { anchor } = this.#restore;
    this.#restore = null;
    return anchor;
  }

  /** The folder of the site. */
  get base(): string {
    return this.#base;
  }

  async start(): Promise<void> {
    this.store.dispatch({ type: "reopening" });
    try {
      const collection = await this.#open(this.#base, { search: !isBrowsing(this.store.get().view) });
      this.collection = collection;
      collection.onProgress((progress) => {
        this.store.dispatch({ type: "progress", progress, now: this.#env.now() });
      });
      this.store.dispatch({ type: "opened", manifest: forPeople(collection.manifest) });
      this.#restoreAnchor();
      this.#show(this.store.get().view);
      this.adding.start().catch(() => undefined);
    } catch (error) {
      this.store.dispatch({ type: "failed", message: messageOf(error) });
    }
  }

  /** Goes to a view, as a step in the history. */
  go(view: View, { replace = false }: Steps = {}): void {
    const old = this.store.get().view;
    // A search that begins on the Data page leaves it.
    if (view.data !== null && !isBrowsing(view)) view = { ...view, data: null };
    const url = this.#env.location.pathname + formatView(view);
    if (formatView(view) === formatView(old)) replace = true;
    if (replace) {
      this.#env.history.replaceState(searchKey(view) === searchKey(old) ? this.#env.history.state : this.#kept(), "", url);
    } else {
      // The reading position is stored after a pause in scrolling, which may not have happened yet.
      this.remember();
      this.#env.history.pushState({ inside: true } satisfies Entry, "", url);
    }
    this.#arrive(view, old);
  }

  /** Follows the browser: back, forward, or an edited address. */
  arrived(): void {
    const old = this.store.get().view;
    const view = parseView(this.#env.location.search, this.#env.location.hash);
    // Do not scroll a list that is already on screen.
    if (this.store.get().list?.key === searchKey(view)) this.#restore = null;
    else this.#restoreAnchor(view);
    this.#arrive(view, old);
  }

  openImage(id: string): void {
    const { view } = this.store.get();
    this.go({ ...view, image: id }, { replace: view.image !== null });
  }

  closeImage(): void {
    const { view } = this.store.get();
    if (!view.image) return;
    const entry = this.#env.history.state as Entry | null;
    if (entry?.inside) this.#env.history.back();
    else this.go({ ...view, image: null }, { replace: true });
  }

  /** Shows images similar to one, by its id. Text and filters are removed, and the mode is changed if it does not fit. */
  moreLike(id: string): void {
    const { view } = this.store.get();
    this.go({ ...HOME, filters: view.filters, group: view.group, allPages: view.allPages, like: [id] });
  }

  /** Adds the person's own pictures to the current search. */
  async searchBy(files: readonly File[]): Promise<void> {
    const manifest = this.store.get().manifest;
    if (!manifest) return;
    if (!manifest.vectors || !manifest.model) return this.say("This collection has no model, so it cannot be searched by picture.");
    const hashes = await this.pictures.add(files);
    if (!hashes.length) return;
    const { view } = this.store.get();
    const next = withPictures(view, hashes);
    if (view.pictures.length + hashes.length > MAX_QUERY_PICTURES) this.say(`A search can have at most ${String(MAX_QUERY_PICTURES)} pictures.`);
    // This picture was named by a link and missing until now.
    if (searchKey(next) === searchKey(view)) this.#show(next, true);
    this.go(next);
  }

  /** Shows the results in another way, at the same place. The choice stays on this device. */
  setLayout(layout: Layout): void {
    const place = this.results.place();
    storeLayout(this.#base, layout);
    this.store.dispatch({ type: "layout", layout });
    if (place) this.#restore = { key: place.key, anchor: { index: place.anchor.index, shift: 0 } };
    this.go({ ...this.store.get().view, layout }, { replace: true });
  }

  home(): void {
    this.go(HOME);
  }

  retry(): void {
    if (this.store.get().phase === "failed") void this.start();
    else this.#show(this.store.get().view, true);
  }

  acceptRefined(): void {
    this.store.dispatch({ type: "refine" });
    this.#remember();
  }

  /** Stores the reading position in the history, so that going back leads there. */
  remember(): void {
    const { view } = this.store.get();
    const place = this.results.place();
    if (view.image || place?.key !== searchKey(view)) return;
    const entry = { ...(this.#env.history.state as Entry | null), anchor: place.anchor } satisfies Entry;
    this.#env.history.replaceState(entry, "", this.#env.location.href);
  }

  /** Shows rows that no search has found as the list of the Data page. */
  showRows(rows: readonly number[]): void {
    const { view, list } = this.store.get();
    const key = searchKey(view);
    this.#rows = rows;
    if (list?.key !== key) this.store.dispatch({ type: "shown", list: this.#lists.get(key) ?? browseList(key, rows.length, pageOf(this.store.get().manifest)) });
  }

  /** Loads a page of the list that is shown; does nothing if it is already loading. */
  async loadPage(index: number, again = false): Promise<void> {
    const list = this.store.get().list;
    const collection = this.collection;
    const page = list?.pages[index];
    if (!list || !collection || (page && !(again && page.status === "failed"))) return;
    const { key } = list;
    const { version } = this.store.get().local;
    // A page belongs to one list: if another list replaces it, that list loads its own pages.
    const job = `${String(index)} ${list.stage} ${String(version)} ${key}`;
    if (this.#loadingPages.has(job)) return;
    this.#loadingPages.add(job);
    if (page) this.store.dispatch({ type: "paged", key, index, page: { status: "loading" } });
    try {
      const { results, infos } = await this.#fetchPage(collection, index);
      // A list that was replaced by a better one in the meantime has its own pages.
      if (this.store.get().list?.stage !== list.stage || this.store.get().local.version !== version) return;
      this.store.dispatch({ type: "paged", key, index, page: { status: "ready", results, infos } });
    } catch (error) {
      if (isAbort(error)) return;
      this.store.dispatch({ type: "paged", key, index, page: { status: "failed", message: messageOf(error) } });
    } finally {
      this.#loadingPages.delete(job);
      this.#remember();
    }
  }

  document(row: number): Promise<ImageDocument> {
    return this.documents.get(row);
  }

  /** What the grid needs for the image with this id; null if the collection has no such image. */
  async infoOf(id: string): Promise<RowInfo | null> {
    for (const page of this.store.get().list?.pages ?? []) {
      const info = page?.status === "ready" ? page.infos.find((other) => other.id === id) : undefined;
      if (info) return info;
    }
    if (!this.collection) throw new Error("The collection is not open yet.");
    const row = await this.collection.rowOf(id);
    if (row === null) return null;
    const [info] = await this.collection.rows([row]);
    return info ?? null;
  }

  /** Shows a short message for a moment; `undo` takes back what was done, on request. */
  say(text: string, undo: (() => void) | null = null): void {
    this.store.dispatch({ type: "toast", toast: { text, undo } });
  }

  /** Begins the search for a text that is still being typed; false if it is better to wait for a pause. */
  async begin(text: string): Promise<boolean> {
    const view: View = { ...this.store.get().view, text };
    if (this.#lists.has(searchKey(view))) return true;
    const request = view.pictures.length ? await this.asked(view) : this.request(view);
    return await this.collection?.begin(request) ?? false;
  }

  request(view: View, offset = 0): SearchRequest {
    const text = view.text.trim();
    return {
      mode: view.mode, k: pageOf(this.store.get().manifest), offset,
      ...(text ? { text } : {}),
      ...(view.like.length ? { like: view.like } : {}),
      ...(view.filters.length ? { filters: view.filters } : {}),
      ...(view.sort ? { sort: view.sort } : {}),
      ...together(view, this.store.get().manifest),
      infos: true,
    };
  }

  /** The same with the pictures of the view, as soon as they can be compared. */
  async asked(view: View, offset = 0): Promise<SearchRequest> {
    const embeddings = await this.pictures.embeddings(view.pictures);
    return { ...this.request(view, offset), ...(embeddings.length ? { embeddings } : {}) };
  }

  #kept(): Entry {
    return { inside: Boolean((this.#env.history.state as Entry | null)?.inside) };
  }

  #restoreAnchor(view: View = this.store.get().view): void {
    const anchor = (this.#env.history.state as Entry | null)?.anchor;
    this.#restore = anchor ? { key: searchKey(view), anchor } : null;
  }

  #arrive(view: View, old: View): void {
    this.store.dispatch({ type: "viewed", view });
    // Refused files belong to the search for which they were chosen.
    if (view.text !== old.text || view.pictures.length < old.pictures.length) this.pictures.dismiss();
    if (searchKey(view) !== searchKey(old) || this.store.get().searchFailure) this.#show(view);
  }

  /** Shows the results of a view: at once if they are remembered, else by a search. */
  #show(view: View, again = false, holding = true): void {
    if (!this.collection) return;
    this.#search?.abort();
    this.#search = null;
    const key = searchKey(view);
    const known = this.#lists.get(key);
    if (view.data !== null) {
      // The Data page brings its rows itself.
      this.store.dispatch({ type: "shown", list: null });
    } else if (known && !again) {
      this.store.dispatch({ type: "shown", list: known });
    } else if (isBrowsing(view)) {
      this.store.dispatch({ type: "browsed", key });
    } else {
      void this.#run(this.collection, view, key, holding);
    }
  }

  /** Call when searches have other results from now on: drops the remembered results and repeats the current search. */
  #refresh(): void {
    this.#lists.clear();
    this.documents.clear();
    this.#loadingPages.clear();
    if (this.store.get().phase === "ready") this.#show(this.store.get().view, true, false);
  }

  /** @param holding whether better results may wait until the person asks for them */
  async #run(collection: Collection, view: View, key: string, holding: boolean): Promise<void> {
    const abort = new AbortController();
    this.#search = abort;
    this.store.dispatch({ type: "searching", key, now: this.#env.now() });
    const respond = ({ infos = [], ...response }: Answer): void => {
      if (abort.signal.aborted) return;
      const reading = this.results.scrolled() > READING_BEYOND || this.results.focused() || this.store.get().view.image !== null;
      this.store.dispatch({ type: "responded", key, response, infos, hold: holding && reading });
    };
    try {
      // Without pictures the request is sent before the page is redrawn.
      const request = view.pictures.length ? await this.asked(view) : this.request(view);
      abort.signal.throwIfAborted();
      respond(await collection.search(request, { signal: abort.signal, onPartial: respond }));
      this.#remember();
    } catch (error) {
      if (abort.signal.aborted || isAbort(error)) return;
      this.store.dispatch({ type: "search-failed", key, message: messageOf(error) });
    } finally {
      if (this.#search === abort) this.#search = null;
    }
  }

  async #fetchPage(collection: Collection, index: number): Promise<{ results: { row: number; score: number }[]; infos: RowInfo[] }> {
    const { view } = this.store.get();
    const first = index * pageOf(this.store.get().manifest);
    if (view.data !== null) {
      const rows = this.#rows.slice(first, first + pageOf(this.store.get().manifest));
      return { results: rows.map((row) => ({ row, score: 0 })), infos: await collection.rows(rows) };
    }
    const { results, infos = [] } = await collection.search(await this.asked(view, first));
    return { results, infos };
  }

  /** Keeps the lists of the last searches, so that going back is instant. */
  #remember(): void {
    const { list, refined, view } = this.store.get();
    if (!list || list.stage !== "final" || refined || !this.pictures.complete(view.pictures)) return;
    this.#lists.delete(list.key);
    this.#lists.set(list.key, list);
    if (this.#lists.size > REMEMBERED) {
      const [oldest] = this.#lists.keys();
      if (oldest !== undefined) this.#lists.delete(oldest);
    }
  }
}
