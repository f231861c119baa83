/** A line of pictures on the start page: a sample of the collection, or the newest ones. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import type { RowInfo } from "../../engine/types";
import { useController, useStore } from "../context";
import { nameOf } from "../detail/fields";
import { useLoaded } from "../parts/hooks";
import { opener } from "../parts/opening";
import { Placeholder } from "../parts/placeholder";
import { Retry } from "../parts/retry";
import { adopt } from "../parts/sheet";
import { useThumbnail } from "../parts/use-thumbnail";
import { formatView, HOME, type View } from "../state/view";
import sheet from "./strip.css?inline";

/** The widest and the narrowest picture, as width per height. */
const [WIDEST, NARROWEST] = [2, 0.6];

export function Strip({ kind }: { kind: "sample" | "recent" }): JSX.Element {
  adopt(sheet);
  const controller = useController();
  const { collection } = controller;
  const home = useStore((state) => state.manifest?.home);
  const [attempt, setAttempt] = useState(0);
  const rows = home?.[kind] ?? [];
  const found = useLoaded(async () => (collection ? (await collection.rows(rows)).filter(({ thumbnail }) => thumbnail) : []), [collection, attempt]);
  const all: View | null = kind === "sample" ? { ...HOME, data: "data=sample" }
    : home?.dated ? { ...HOME, sort: { field: home.dated, direction: "descending" } } : null;
  return (
    <>
      <h2>
        {kind === "sample" ? "A sample" : "Newest"}
        {all && <a class="text-button" href={formatView(all)} onClick={opener(() => controller.go(all))}>{kind === "sample" ? "Other samples" : "All, newest first"}</a>}
      </h2>
      {found.state === "failed" && <p role="alert">{found.message} <Retry class="small" onClick={() => setAttempt((n) => n + 1)} /></p>}
      {found.state === "ready" && <ul>{found.value.map((info) => <li key={info.id}><Picture info={info} /></li>)}</ul>}
    </>
  );
}

function Picture({ info }: { info: RowInfo }): JSX.Element {
  const controller = useController();
  const { url } = useThumbnail(info.thumbnail);
  const name = useLoaded(async () => nameOf(await controller.document(info.row)), [info.row]);
  const view = { ...HOME, image: info.id };
  const ratio = Math.min(WIDEST, Math.max(NARROWEST, info.width / info.height || 1));
  return (
    <a class="strip-picture" href={formatView(view)} style={{ aspectRatio: String(ratio) }} aria-label={name.state === "ready" ? name.value : "Picture"}
      onClick={opener(() => controller.openImage(info.id))}>
      <Placeholder hash={info.placeholder} covered={url !== null} />
      {url && <img src={url} alt="" draggable={false} decoding="async" />}
    </a>
  );
}
