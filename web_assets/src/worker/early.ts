/** An open site that shows its pictures before its search has loaded: questions about rows are answered at once, all others wait. */
import { pause } from "../base/async";
import type { AdditionsState } from "../additions/types";
import { isWhole, isWholeTimeline, wholeAnswer, wholeTimeline } from "../engine/browse";
import type { CollectionMethods, TimelineOptions } from "../engine/methods";
import type { Published } from "../engine/published";
import type { SearchRequest } from "../engine/types";
import { derive } from "./methods";
import type { Opened } from "./serve";

export interface Later {
  /** Whether pictures may be added on this device. */
  additions: boolean;
  /** Whether the device has any: they stand before the published ones. */
  kept: Promise<boolean>;
  /** Loads the search. */
  load: () => Promise<Opened>;
}

/** Milliseconds after the first answer in which its pictures should have loaded, and those in which they are drawn. */
const [PICTURES_MS, DRAWN_MS] = [2500, 150];

export function early(site: Published, { additions, kept, load }: Later): Opened {
  let opened: Opened | null = null;
  let loading: Promise<Opened> | null = null;
  let begin = (): void => undefined;
  const begun = new Promise<void>((resolve) => { begin = resolve; });

  const whole = (): Promise<Opened> => {
    begin();
    loading ??= load().then((result) => {
      if (result.additions) result.additions.onChange = (state) => { added?.onChange(state); };
      return (opened = result);
    }, (error: unknown) => {
      loading = null;
      throw error;
    });
    return loading;
  };
  /** The search is loaded once the pictures of the first answer are there. */
  const follow = (): void => {
    void Promise.race([site.picturesShown(), pause(PICTURES_MS)]).then(() => pause(DRAWN_MS)).then(whole).catch(() => undefined);
  };

  const inside = (row: unknown): boolean => Number.isInteger(row) && (row as number) >= 0 && (row as number) < site.count;
  /** Answers without the search; null if they need it. */
  const first: Partial<Record<keyof CollectionMethods, (...asked: never[]) => Promise<unknown> | null>> = {
    search: (request: SearchRequest) => {
      if (!isWhole(request) || request.byObject !== undefined) return null;
      follow();
      return wholeAnswer(site, request);
    },
    timeline: (field: string, options: TimelineOptions = {}) => (isWholeTimeline(site, field, options) ? wholeTimeline(site, field, options) : null),
    rows: (rows: number[]) => (rows.every(inside) ? site.rows.infos(rows) : null),
    document: (row: number) => (inside(row) ? site.document(row) : null),
    rowOf: (id: string) => site.rows.rowOf(id),
    ids: () => site.rows.ids(),
  };

  const collection = derive("collection", (method) => async (...args) => {
    const answer = opened || await kept ? null : first[method as keyof CollectionMethods]?.(...args as never[]);
    if (answer) return await answer;
    return await call((await whole()).collection, method, args);
  });
  const added = additions ? {
    ...derive("additions", (method) => async (...args) => {
      // What is stored is not asked for before the first view is there.
      if (method === "state" && !await kept) await begun;
      return await call((await whole()).additions!, method, args);
    }),
    onChange: (() => undefined) as (state: AdditionsState) => void,
  } : null;
  return {
    collection: { ...collection, manifest: site.manifest, pictures: (loading) => { site.pictures(loading); } },
    additions: added,
  };
}

function call(object: object, method: string, args: unknown[]): unknown {
  return (object as Record<string, (...args: unknown[]) => unknown>)[method]!(...args);
}
