/** The nearest pictures and records. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { useController, useStore } from "../context";
import { useLoaded } from "../parts/hooks";
import { Placeholder } from "../parts/placeholder";
import { Retry } from "../parts/retry";
import { useThumbnail } from "../parts/use-thumbnail";
import { shownRatio } from "../results/grid/layout";
import { formatView, HOME } from "../state/view";
import { nameOf } from "./fields";
import type { RowInfo } from "../../engine/types";

const NEIGHBOURS = 12;

export function Similar({ id }: { id: string }): JSX.Element | null {
  const controller = useController();
  const able = useStore((state) => Boolean(state.manifest?.vectors));
  const [attempt, setAttempt] = useState(0);
  const found = useLoaded<RowInfo[]>(async () => {
    const { collection } = controller;
    if (!collection || !able) return [];
    const { results } = await collection.search({ like: [id], mode: "meaning", k: NEIGHBOURS + 1 });
    const infos = await collection.rows(results.map((result) => result.row));
    return infos.filter((info) => info.id !== id).slice(0, NEIGHBOURS);
  }, [id, attempt]);
  if (!able || (found.state === "ready" && !found.value.length)) return null;
  return (
    <section class="similar" aria-label="More like this">
      <h3>More like this</h3>
      {found.state === "failed" && (
        <p role="alert">{found.message}{" "}
          <Retry class="small" onClick={() => setAttempt((n) => n + 1)} />
        </p>
      )}
      <ul>
        {found.state === "ready"
          ? found.value.map((info) => <Neighbour key={info.id} info={info} />)
          : found.state === "loading" && Array.from({ length: 4 }, (_, i) => <li key={i} class="similar-blank" />)}
      </ul>
    </section>
  );
}

function Neighbour({ info }: { info: RowInfo }): JSX.Element {
  const controller = useController();
  const { url } = useThumbnail(info.thumbnail);
  // A record is shown by its name, which is needed at once.
  const bare = info.thumbnail === null;
  const [name, setName] = useState(bare ? null : "Similar picture");
  const learn = (): void => {
    controller.document(info.row).then((document) => setName(nameOf(document)), () => undefined);
  };
  useEffect(() => {
    const timer = setTimeout(learn, bare ? 0 : 400);
    return () => clearTimeout(timer);
  }, [info.row]);
  return (
    <li {...(bare ? { class: "similar-record" } : { style: { aspectRatio: String(shownRatio(info.width, info.height)) } })}>
      <a href={formatView({ ...HOME, image: info.id })} aria-label={name ?? "Similar record"} title={name ?? undefined}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          controller.openImage(info.id);
        }}>
        {bare ? <bdi>{name}</bdi> : <Placeholder hash={info.placeholder} />}
        {url && <img src={url} alt="" class="shown" draggable={false} />}
      </a>
    </li>
  );
}
