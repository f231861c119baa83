/** A result without a picture of the site, as a tile: its picture on another host, or title and text to read. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { useStore } from "../../context";
import { Marked } from "../../parts/marked";
import { RemotePicture, remoteThumbnail } from "../../parts/remote-picture";
import { contentOf } from "./content";
import { useRecord } from "./use-record";

/** @param name of the link until the text is here, or beside a picture */
export function Card({ row, name }: { row: number; name: string }): JSX.Element {
  const manifest = useStore((state) => state.manifest);
  const text = useStore((state) => (state.view.mode === "meaning" ? "" : state.view.text.trim()));
  const { document, highlights } = useRecord(row, text);
  const [lost, setLost] = useState(false);
  const remote = remoteThumbnail(document?.remote, manifest?.remote?.origins ?? []);
  useEffect(() => setLost(false), [remote]);
  if (!document || !manifest) return <span class="visually-hidden">{name}</span>;
  if (remote && !lost) return <RemotePicture src={remote} alt={name} onFail={() => setLost(true)} />;
  const content = contentOf(document, manifest.list, manifest.fields, highlights);
  return (
    <span class={`tile-card ${content.reading ? "reading" : ""}`}>
      <span class="tile-card-title"><bdi><Marked pieces={content.title} /></bdi></span>
      {content.text && <span class="tile-card-text"><bdi><Marked pieces={content.text.pieces} /></bdi></span>}
    </span>
  );
}
