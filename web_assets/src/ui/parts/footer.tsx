/** The foot of the page: whose pictures these are, and the way to what is told about them. */
import type { JSX } from "preact";

import { useController, useStore } from "../context";
import { safeLink } from "../links";
import { nounOf } from "../layout";
import { bytes, counted } from "../wording";
import { DataLink } from "./data-link";
import type { Manifest } from "../../engine/types";

export function Attribution({ manifest }: { manifest: Manifest }): JSX.Element | null {
  const { attribution } = manifest.collection;
  if (!attribution.length) return null;
  return (
    <ul class="attribution">
      {attribution.map(({ text, url, licence }) => {
        const href = url ? safeLink(url) : null;
        return (
          <li key={text + (url ?? "")}>
            {href ? <a href={href} target="_blank" rel="noopener noreferrer">{text}</a> : text}
            {licence && <span class="faint"> · {licence}</span>}
          </li>
        );
      })}
    </ul>
  );
}

export function Footer(): JSX.Element | null {
  const controller = useController();
  const manifest = useStore((state) => state.manifest);
  if (!manifest) return null;
  const { model } = manifest;
  return (
    <footer class="footer">
      <Attribution manifest={manifest} />
      <p>
        {counted(manifest.collection.count, nounOf(manifest))} · {bytes(manifest.bytes)}
        {model && ` · Model ${model.name} (${model.licence.id})`}
        {" · "}Searched in your browser, by <span class="nowrap">{manifest.generator}</span>
      </p>
      <p class="footer-links">
        <DataLink class="text-button" />
        <button type="button" class="text-button" onClick={() => controller.store.dispatch({ type: "dialog", dialog: "about" })}>About</button>
        <button type="button" class="text-button" onClick={() => controller.store.dispatch({ type: "dialog", dialog: "keys" })}>Keyboard</button>
      </p>
    </footer>
  );
}
