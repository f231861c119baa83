/** Lists that are not ranked, and the first one that a visitor sees. */
import { part } from "../base/errors";
import { has, type Mask } from "./mask";
import type { TimelineOptions } from "./methods";
import type { Published } from "./published";
import type { Ranking } from "./ranking";
import type { Resources } from "./resources";
import type { Answer, SearchRequest, Timeline } from "./types";

/** All rows, or those of a mask, in default order: first the additions, newest first, then the published rows. */
export async function browse(mask: Mask | null, { count, published, order }: Pick<Resources, "count" | "published" | "order">): Promise<Ranking> {
  const added: number[] = [];
  for (let row = count - 1; row >= published; row--) if (!mask || has(mask, row)) added.push(row);
  const listed = mask && await order.within(mask);
  const length = added.length + (listed?.length ?? published);
  return {
    length, total: length, ranked: false,
    rows: async (from, to) => {
      const first = added.slice(from, to);
      const [start, end] = [Math.max(0, from - added.length), Math.max(0, to - added.length)];
      const others = listed ? listed.subarray(start, end) : await order.rows(start, end);
      if (!first.length) return others;
      const rows = new Uint32Array(first.length + others.length);
      rows.set(first);
      rows.set(others, first.length);
      return rows;
    },
    at: (_, row) => ({ row, score: 0 }),
  };
}

/** The largest page that the first view asks for. */
const MOST_FIRST = 1000;

/** Whether a request asks for all rows in default order, which needs no search. */
export function isWhole({ text, filters, like, embeddings, images, sort, k, offset = 0 }: SearchRequest): boolean {
  const plain = !text?.trim() && !filters?.length && !like?.length && !embeddings?.length && !images;
  const page = k !== undefined && Number.isInteger(k) && k >= 0 && k <= MOST_FIRST && Number.isInteger(offset) && offset >= 0;
  return plain && page && (!sort || (sort.field === "default" && sort.direction === "ascending"));
}

/** The answer to such a request, as a search gives it. */
export async function wholeAnswer(site: Published, { k, offset = 0, infos }: SearchRequest): Promise<Answer> {
  const started = performance.now();
  const { rows, at, length } = await browse(null, { count: site.count, published: site.count, order: site.order });
  const end = Math.min(length, offset + k!);
  const start = Math.min(offset, end);
  const results = Array.from(await rows(start, end), (row, i) => at(start + i, row));
  const found = infos ? { infos: await site.rows.infos(results.map(({ row }) => row)) } : {};
  return { results, ...found, total: length, stage: "final", notices: [], elapsedMs: performance.now() - started };
}

/** Whether the dates of a field are asked for in that list. */
export function isWholeTimeline(site: Published, field: string, options: TimelineOptions): boolean {
  const dates = site.manifest.fields.some(({ name, type, column }) => name === field && type === "date" && column);
  return dates && !options.sort && !site.manifest.objects && isWhole({ ...options, mode: "all", k: 0, offset: 0 });
}

/** The dates of that list, as the engine gives them. */
export async function wholeTimeline(site: Published, field: string, { most = Infinity }: TimelineOptions): Promise<Timeline | null> {
  const [columns, { timelineOf }] = await Promise.all([site.columns(), part(import("./timeline"), "timelineOf")]);
  const column = columns.column(field);
  return column && column.bytes <= most ? await timelineOf(column, null, true, site.count) : null;
}
