/** The dates of the list that is shown, if it is ordered by them. They and the script that reads them are loaded for such lists only. */
import { useEffect, useState } from "preact/hooks";

import { useController, useStore } from "../context";
import type { Controller } from "../controller";
import { Later } from "../parts/later";
import { isRanked, searchKey, type View } from "../state/view";
import type { Dated } from "./dated";
import type { Manifest } from "../../engine/types";

const dated = new Later(() => import("./dated"), "datedOf");

/** The dates of a list that nobody asked for are left out if they cost more than this. */
const MOST_BYTES = 1_000_000;
/** How many lists keep their dates. */
const KEPT = 12;
/** The field of the default order (docs/FORMAT.md 2.5). */
export const TAKEN = "taken";

/** The field by whose dates the results of a view are ordered; null if they are in another order. */
export function dateOrder(view: View, manifest: Pick<Manifest, "fields"> | null): string | null {
  if (view.data !== null) return null;
  const name = view.sort?.field ?? (isRanked(view) ? null : TAKEN);
  const field = manifest?.fields.find((other) => other.name === name);
  return field?.type === "date" && field.column ? field.name : null;
}

/** Dates by list; null if a list has none. */
const known = new WeakMap<Controller, Map<string, Promise<Dated | null> | { value: Dated | null }>>();

function kept(controller: Controller): NonNullable<ReturnType<typeof known.get>> {
  if (!known.has(controller)) known.set(controller, new Map());
  return known.get(controller)!;
}

async function load(controller: Controller, field: string, view: View): Promise<Dated | null> {
  const { collection } = controller;
  if (!collection) return null;
  const asked = controller.asked(view).then((request) => collection.timeline(field, { ...request, infos: false, group: false, most: MOST_BYTES }));
  const [{ datedOf }, timeline] = await Promise.all([dated.load(), asked]);
  return timeline && datedOf(timeline);
}

/** Null if the list is not ordered by date, or without any; undefined while that is not known. */
export function useDated(): Dated | null | undefined {
  const controller = useController();
  const view = useStore((state) => state.view);
  const field = useStore((state) => dateOrder(state.view, state.manifest));
  const list = useStore((state) => state.list);
  const { version } = useStore((state) => state.local);
  const [, redraw] = useState(0);
  const lists = kept(controller);
  const key = list && `${String(version)} ${list.key}`;
  const entry = key === null ? undefined : lists.get(key);
  const current = list?.key === searchKey(view) && list.stage === "final";
  useEffect(() => {
    if (!field || key === null || !current || (entry && "value" in entry)) return;
    let awaited = true;
    const loading = entry ?? load(controller, field, view);
    lists.set(key, loading);
    loading.then(
      (value) => {
        lists.set(key, { value });
        for (const old of [...lists.keys()].slice(0, -KEPT)) lists.delete(old);
      },
      // The list is shown without headings. Another visit tries again.
      () => { if (lists.get(key) === loading) lists.set(key, { value: null }); },
    ).then(() => { if (awaited) redraw((n) => n + 1); }, () => undefined);
    return () => { awaited = false; };
  }, [key, field, current]);
  if (entry && "value" in entry) return fits(entry.value, list) ? entry.value : null;
  return field && list && current ? undefined : null;
}

/** A list that has other results by now has other dates. */
function fits(value: Dated | null, list: { length: number; exhausted: boolean } | null): boolean {
  return value !== null && list !== null && (!list.exhausted || value.total === list.length);
}
