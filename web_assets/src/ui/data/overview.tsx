/** What the collection holds: its files to download, whose it is, statistics, the model, and the cost of the visit. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { own } from "../../base/own";
import { visible } from "../../base/visible";
import { useStore } from "../context";
import { nounOf } from "../layout";
import { Attribution } from "../parts/footer";
import { useLate } from "../parts/hooks";
import { AlertIcon } from "../parts/icons";
import { Retry } from "../parts/retry";
import { count, loading } from "../wording";
import { useCounting, useTextCounting, type Counting } from "./counting";
import { Credits, isCredit } from "./credits";
import { Downloads } from "./downloads";
import { Field, isListed, Line } from "./field";
import { Model } from "./model";
import { VisitCost } from "./visit-cost";
import type { Manifest } from "../../engine/types";

const SOURCES: Record<string, string> = {
  folder: "a folder of pictures", table: "a table", diffusiondb: "DiffusionDB", danbooru: "Danbooru", webdataset: "WebDataset files", imagefolder: "an image folder",
};
const HASH_DIGITS = 12;

export function Overview({ manifest }: { manifest: Manifest }): JSX.Element {
  const { collection, fields, model } = manifest;
  const counting = useCounting(manifest);
  return (
    <>
      <dl class="facts data-about">
        <div><dt>{nounOf(manifest) === "picture" ? "Pictures" : "Records"}</dt><dd>{count(collection.count)}</dd></div>
        <div><dt>Fields</dt><dd>{count(fields.length)}</dd></div>
        {collection.source && <div><dt>Made from</dt><dd>{own(SOURCES, collection.source) ?? visible(collection.source)}</dd></div>}
        {collection.attribution.length > 0 && <div><dt>Source and licence</dt><dd><Attribution manifest={manifest} /></dd></div>}
        <div><dt>State</dt><dd><code>{collection.hash.slice(0, HASH_DIGITS)}</code> <span class="faint">Another one if rows are added or removed</span></dd></div>
      </dl>
      <h2 id="data-downloads">Download</h2>
      <Downloads manifest={manifest} />
      <h2 id="data-credits">Credits and licences</h2>
      <Credits manifest={manifest} counting={counting} />
      <h2 id="data-fields">Statistics</h2>
      <Fields manifest={manifest} counting={counting} />
      {model && (
        <>
          <h2>Model</h2>
          <Model model={model} />
        </>
      )}
      <h2>What this visit cost</h2>
      <VisitCost />
    </>
  );
}

function Fields({ manifest, counting }: { manifest: Manifest; counting: Counting }): JSX.Element {
  const [, redraw] = useState(0);
  const [listed, others] = [manifest.fields.filter((field) => isListed(field) && !isCredit(field)), manifest.fields.filter((field) => !isListed(field))];
  const texts = manifest.fields.filter(({ column }) => !column);
  const counted = useTextCounting(manifest, texts, () => redraw((n) => n + 1));
  const open = texts.some(({ name }) => !counting.known.has(name));
  if (!manifest.fields.length) return <p class="data-none">The collection has no fields.</p>;
  return (
    <>
      {texts.length < manifest.fields.length && <Progress now={counting.now} all={manifest.fields.length} />}
      {counting.failure && (
        <p class="message bad" role="alert"><AlertIcon /><span>{counting.failure}</span><Retry class="small" onClick={counting.retry} /></p>
      )}
      {listed.length > 0 && <ul class="data-fields" aria-labelledby="data-fields">
        {listed.map((field) => <Field key={field.name} field={field} manifest={manifest} stats={counting.known.get(field.name)} counting={counting} />)}
      </ul>}
      {others.length > 0 && (
        <div class="data-table" role="region" aria-label="Texts and links" tabIndex={0}>
          <table>
            <thead><tr><th scope="col">Texts and links</th><th scope="col">Type</th><th scope="col" class="number">With a value</th><th scope="col" class="number">Missing</th></tr></thead>
            <tbody>{others.map((field) => <Line key={field.name} field={field} manifest={manifest} stats={counting.known.get(field.name)} />)}</tbody>
          </table>
        </div>
      )}
      {open && counted.done === null && (
        <p class={`message ${counted.failure ? "bad" : ""}`} {...(counted.failure ? { role: "alert" } : {})}>
          <span>{counted.failure ?? `Texts and links are not counted yet. That loads every ${nounOf(manifest)}, from ${count(manifest.documents.files.count)} files.`}</span>
          {counted.failure ? <Retry class="small" onClick={counted.start} /> : <button type="button" class="button small" onClick={counted.start}>Count them</button>}
        </p>
      )}
      {counted.done !== null && (
        <p class="message" role="status">
          <span class="spinner" aria-hidden="true" /><span>Counted texts and links of {count(counted.done)} of {count(manifest.collection.count)}</span>
          <button type="button" class="button small" onClick={counted.stop}>Cancel</button>
        </p>
      )}
    </>
  );
}

/** Which field is counted, if it takes a while. The line keeps its place. */
function Progress({ now, all }: { now: number | null; all: number }): JSX.Element {
  const progress = useStore((state) => state.progress);
  const [since] = useState(() => performance.now());
  const late = useLate(now === null ? null : since, 300);
  return (
    <p class="data-waiting" role="status">
      {late && now !== null && <><span class="spinner" aria-hidden="true" />Counting field {now + 1} of {all}{loading(progress) ? ` · ${loading(progress)!}` : ""}</>}
    </p>
  );
}

