/** What can be done with the chosen results, without their bar. */
import type { Controller } from "../controller";
import { fileName } from "../data/flat";
import { copyText } from "../parts/copy";
import { saveFile } from "../parts/save";
import { formatView, HOME, MAX_LIKE, SET_FIELD, type View } from "../state/view";
import { counted } from "../wording";
import { allOf, withRange, type Chosen } from "./choose";
import { credit, linkOf } from "./credits";
import { documentsOf } from "./rows";

function copy(controller: Controller, text: string | Promise<string>, done: string): Promise<void> {
  return copyText({ say: (said) => controller.say(said) }, text, done);
}

/** Chooses nothing any more. More than one choice is worth taking back. */
export function clearSelection(controller: Controller): void {
  const { store } = controller;
  const { selected } = store.get();
  store.dispatch({ type: "select", selected: new Map() });
  if (selected.size > 1) controller.say(`${String(selected.size)} pictures are no longer selected.`, () => store.dispatch({ type: "select", selected }));
}

/** Published pictures only: nobody else has the others. */
function published(controller: Controller, chosen: Chosen): string[] {
  const count = controller.collection?.manifest.collection.count ?? 0;
  return [...chosen].flatMap(([id, row]) => (row < count ? [id] : []));
}

export function copyLinks(controller: Controller, chosen: Chosen): Promise<void> {
  const ids = published(controller, chosen);
  return copy(controller, ids.map((id) => linkOf(id, controller.base)).join("\n"), ids.length === 1 ? "Link copied" : `${String(ids.length)} links copied`);
}

export function copyCredits(controller: Controller, chosen: Chosen): Promise<void> {
  const fields = controller.collection?.manifest.fields ?? [];
  const text = documentsOf(controller, chosen).then((found) => found.map(({ document, id, local }) =>
    `${credit(document, fields)}${local ? "" : `. ${linkOf(id, controller.base)}`}`).join("\n"));
  return copy(controller, text, chosen.size === 1 ? "Credit copied" : `${String(chosen.size)} credits copied`);
}

/** The view of these pictures alone. */
export function setOf(controller: Controller, chosen: Chosen): View {
  return { ...HOME, filters: [{ field: SET_FIELD, kind: "ids", values: published(controller, chosen) }] };
}

export function copySet(controller: Controller, chosen: Chosen): Promise<void> {
  const view = setOf(controller, chosen);
  return copy(controller, new URL(formatView(view), controller.base).href, "Link to this set copied");
}

/** Looks for pictures like the chosen ones, or unlike them in what is shown now. */
export function searchLike(controller: Controller, chosen: Chosen, sign: 1 | -1): void {
  const { view } = controller.store.get();
  const all = published(controller, chosen);
  // If there are many, some of them from all over the choice stand for the others.
  const ids = all.length <= MAX_LIKE ? all : Array.from({ length: MAX_LIKE }, (_, i) => all[Math.floor((i * all.length) / MAX_LIKE)]!);
  if (ids.length < all.length) controller.say(`The search uses ${String(ids.length)} of the ${counted(all.length, "picture")}`);
  const likes = ids.map((id) => (sign < 0 ? `-${id}` : id));
  const others = sign < 0 ? view.like.filter((id) => !ids.includes(id.replace("-", ""))) : [];
  const base: View = sign < 0 ? { ...view, mode: view.mode === "words" ? "all" : view.mode } : { ...HOME, filters: view.filters.filter(({ kind }) => kind !== "ids"), group: view.group };
  controller.store.dispatch({ type: "select", selected: new Map() });
  controller.go({ ...base, like: [...others, ...likes].slice(-MAX_LIKE), data: null, image: null });
  scrollTo({ top: 0 });
}

/** Chooses all results, page by page. Stops if another list is shown. */
export async function selectAll(controller: Controller): Promise<void> {
  const { list } = controller.store.get();
  if (!list) return;
  const { count } = allOf(list);
  for (let page = 0; page * list.page < count; page++) {
    await controller.loadPage(page);
    if (controller.store.get().list?.key !== list.key) return;
  }
  const { list: now, selected } = controller.store.get();
  if (now) controller.store.dispatch({ type: "select", selected: withRange(selected, now, 0, count - 1, () => true) });
}

/**
 * Saves a ZIP file of the chosen pictures and returns what happened, in words.
 * @throws what went wrong, the signal's reason on abort
 */
export async function download(controller: Controller, chosen: Chosen, onDone: (done: number) => void, signal: AbortSignal): Promise<string> {
  const { collection } = controller;
  if (!collection) return "";
  const [{ pack, shortfall }, { wantedOf }, found] = await Promise.all([
    import("./pack"), import("./files"), documentsOf(controller, chosen, { signal, onDone: (done) => onDone(done / 10) }),
  ]);
  const packed = await pack(await wantedOf(controller, found), collection.manifest.fields, {
    signal, onDone: (done) => onDone(chosen.size / 10 + done * 0.9),
  });
  saveFile(packed.file, fileName("zip", collection.manifest.collection.title, counted(found.length, "picture")));
  const missing = shortfall(packed);
  return `${counted(packed.pictures, "picture")} saved, with ${found.length === 1 ? "its credit" : "credits"} in credits.csv.${missing ? ` ${missing}` : ""}`;
}
