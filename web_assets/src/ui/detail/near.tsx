/** Pictures near to the open one: alike in meaning, and taken around the same time. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { useController, useStore } from "../context";
import { useLoaded } from "../parts/hooks";
import { opener } from "../parts/opening";
import { formatView, HOME } from "../state/view";
import { Neighbours } from "./neighbour";
import { AROUND, momentOf, searchesAround, type Moment } from "./when";
import type { Collection } from "../../api/types";
import type { FieldDefinition, ImageDocument, RowInfo } from "../../engine/types";

const [ALIKE, BESIDE] = [12, 5];
const NO_FIELDS: FieldDefinition[] = [];

/** The nearest pictures and records. */
export function Similar({ id }: { id: string }): JSX.Element | null {
  const controller = useController();
  const able = useStore((state) => Boolean(state.manifest?.vectors));
  const [attempt, setAttempt] = useState(0);
  const found = useLoaded<RowInfo[]>(async () => {
    const { collection } = controller;
    if (!collection || !able) return [];
    const { infos = [] } = await collection.search({ like: [id], mode: "meaning", k: ALIKE + 1, infos: true });
    return infos.filter((info) => info.id !== id).slice(0, ALIKE);
  }, [id, attempt]);
  if (!able || (found.state === "ready" && !found.value.length)) return null;
  return <Neighbours title="More like this" found={found} onRetry={() => setAttempt((n) => n + 1)} unnamed="Similar picture" />;
}

/** The pictures taken before and after, the open one among them. Nothing for a picture without a date, or (null) until its date is known. */
export function SameTime({ info, document }: { info: RowInfo; document: ImageDocument | null }): JSX.Element {
  const fields = useStore((state) => state.manifest?.fields ?? NO_FIELDS);
  const [place, seen] = useSeen();
  const moment = document && seen ? momentOf(document, fields) : null;
  return (
    <>
      <div ref={place} class="similar-place" />
      {moment && <Around info={info} moment={moment} />}
    </>
  );
}

function Around({ info, moment }: { info: RowInfo; moment: Moment }): JSX.Element | null {
  const controller = useController();
  const [attempt, setAttempt] = useState(0);
  const found = useLoaded<RowInfo[]>(async () => {
    const { collection } = controller;
    return collection ? await around(collection, info, moment) : [];
  }, [info.row, attempt]);
  if (found.state === "ready" && found.value.length < 2) return null;
  const day = { ...HOME, filters: [moment.day], sort: { field: moment.field.name, direction: "ascending" as const } };
  return (
    <Neighbours title="Around the same time" found={found} onRetry={() => setAttempt((n) => n + 1)} unnamed="Picture taken around the same time" open={info.id}>
      <p><a href={formatView(day)} onClick={opener(() => { controller.go(day); })}>All from {moment.shown}</a></p>
    </Neighbours>
  );
}

/** True once the place has come near to what is on the screen: the dates of a large collection are not loaded for somebody who never looks. */
function useSeen(): [{ current: HTMLDivElement | null }, boolean] {
  const place = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (!place.current) return;
    const observer = new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) setSeen(true); }, { rootMargin: "200px" });
    observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  return [place, seen];
}

async function around(collection: Collection, info: RowInfo, moment: Moment): Promise<RowInfo[]> {
  for (const reach of AROUND) {
    const [before = [], after = []] = await Promise.all(searchesAround(moment, reach, BESIDE).map(async (request) => (await collection.search(request)).infos ?? []));
    const known = new Set([info.id, ...before.map(({ id }) => id)]);
    const others = [...before.reverse(), info, ...after.filter(({ id }) => !known.has(id)).slice(0, BESIDE)];
    if (others.length > 1) return others;
  }
  return [];
}
