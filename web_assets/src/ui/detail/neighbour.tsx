/** A row of other pictures or records, each a link that opens it. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { useController } from "../context";
import type { Loaded } from "../parts/hooks";
import { opener } from "../parts/opening";
import { Placeholder } from "../parts/placeholder";
import { Retry } from "../parts/retry";
import { useThumbnail } from "../parts/use-thumbnail";
import { shownRatio } from "../results/grid/rows";
import { formatView, HOME } from "../state/view";
import { nameOf } from "./fields";
import type { RowInfo } from "../../engine/types";

interface Props {
  title: string;
  found: Loaded<RowInfo[]>;
  onRetry: () => void;
  /** What a picture is called until its name is known. */
  unnamed: string;
  /** The picture that is open, if it is one of them. */
  open?: string;
  /** What stands below the row. */
  children?: ComponentChildren;
}

export function Neighbours({ title, found, onRetry, unnamed, open, children }: Props): JSX.Element {
  return (
    <section class="similar" aria-label={title}>
      <h3>{title}</h3>
      {found.state === "failed" && <p role="alert">{found.message}{" "}<Retry class="small" onClick={onRetry} /></p>}
      <ul>
        {found.state === "ready"
          ? found.value.map((info) => <Neighbour key={info.id} info={info} unnamed={unnamed} open={info.id === open} />)
          : found.state === "loading" && Array.from({ length: 4 }, (_, i) => <li key={i} class="similar-blank" />)}
      </ul>
      {found.state === "ready" && children}
    </section>
  );
}

function Neighbour({ info, unnamed, open }: { info: RowInfo; unnamed: string; open: boolean }): JSX.Element {
  const controller = useController();
  const { url } = useThumbnail(info.thumbnail);
  // A record is shown by its name, which is needed at once.
  const bare = info.thumbnail === null;
  const [name, setName] = useState<string | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => {
      controller.document(info.row).then((document) => setName(nameOf(document)), () => undefined);
    }, bare ? 0 : 400);
    return () => clearTimeout(timer);
  }, [info.row]);
  return (
    <li {...(bare ? { class: "similar-record" } : { style: { aspectRatio: String(shownRatio(info.width, info.height)) } })}>
      <a href={formatView({ ...HOME, image: info.id })} aria-label={name ?? unnamed} title={name ?? undefined} {...(open ? { "aria-current": "true" } : {})}
        onClick={opener(() => { if (!open) controller.openImage(info.id); })}>
        {bare ? <bdi>{name}</bdi> : <Placeholder hash={info.placeholder} />}
        {url && <img src={url} alt="" class="shown" draggable={false} />}
      </a>
    </li>
  );
}
