/** What this collection is, how it works, and the keyboard shortcuts. */
import type { JSX } from "preact";

import { useController, useStore } from "../context";
import { nounOf } from "../layout";
import { bytes, count } from "../wording";
import { DataLink } from "./data-link";
import { Attribution } from "./footer";
import { Modal } from "./modal";
import { Offline } from "./keep-offline";
import type { Manifest } from "../../engine/types";

export function Dialogs(): JSX.Element | null {
  const controller = useController();
  const dialog = useStore((state) => state.dialog);
  const manifest = useStore((state) => state.manifest);
  const close = (): void => controller.store.dispatch({ type: "dialog", dialog: null });
  if (dialog === "keys") return <Modal label="Keyboard" heading onClose={close}><Keys /></Modal>;
  if (dialog === "about" && manifest) {
    return <Modal label={manifest.collection.title} heading onClose={close}><About manifest={manifest} /></Modal>;
  }
  return null;
}

function About({ manifest }: { manifest: Manifest }): JSX.Element {
  const { collection, vectors, model, catalog } = manifest;
  // One byte per dimension of every embedding.
  const index = (vectors ? vectors.count * vectors.dim : 0) + catalog.bytes;
  return (
    <div class="prose">
      {collection.description && <p class="lead">{collection.description}</p>}
      <dl class="facts">
        <div><dt>{nounOf(manifest) === "picture" ? "Pictures" : "Records"}</dt><dd>{count(collection.count)}</dd></div>
        <div><dt>Whole site</dt><dd>{bytes(manifest.bytes)}</dd></div>
        <div><dt>Search index</dt><dd>about {bytes(index)}</dd></div>
        {model && <div><dt>Language model</dt><dd>{model.name}</dd></div>}
        {model && <div><dt>Model licence</dt><dd>{model.licence.id}{model.licence.note && `. ${model.licence.note}`}</dd></div>}
        <div><dt>Made with</dt><dd>{manifest.generator}</dd></div>
      </dl>
      <h3>How it works</h3>
      <p>
        The search runs in this browser. The pages, the index{model ? " and a small language model" : ""} are plain files
        of this site; nothing you type leaves this device, and nothing is asked of any other site.
        {vectors && model && " “Meaning” compares what you write with what the pictures show; “Words” looks for the words themselves in titles, tags and texts; “All” combines both."}
      </p>
      <Offline />
      <Attribution manifest={manifest} />
      <p><DataLink>Data: counts, samples, batches and downloads</DataLink></p>
      <p><a href="notices.txt" target="_blank" rel="noopener">Licences of the software{model ? " and of the model" : ""}</a></p>
      <h3>Writing a search</h3>
      <dl class="keys">
        {LANGUAGE.map(([example, meaning]) => <div key={example}><dt><code>{example}</code></dt><dd>{meaning}</dd></div>)}
      </dl>
      <h3>Keyboard</h3>
      <KeyList />
    </div>
  );
}

/** The query language in brief (docs/QUERY.md has all of it). */
const LANGUAGE: [string, string][] = [
  ["a red car at night", "Pictures that show this, and pictures whose text has these words"],
  ['"red car"', "Only pictures whose text has this phrase"],
  ["ocean - boats", "Oceans, but not boats"],
  ["2*dog + grass", "Several terms with weights"],
  ["tag:cat -tag:dog", "Filters on fields"],
  ["year:2019..2021", "Ranges of dates and numbers"],
  ["castle OR fort NOT ruin", "Full-text expressions, also cast* and NEAR(a b, 4)"],
  ["sort:-width k:50", "Order and number of results"],
  ["Ctrl V", "Search with a copied picture; you can also drop one anywhere"],
];

const KEYS: [string[], string][] = [
  [["/"], "Search"],
  [["Esc"], "Clear, close, back"],
  [["↓"], "Go from the search box to the results"],
  [["←", "↑", "→", "↓"], "Move through the results"],
  [["Page Up", "Page Down"], "Move by a screen; while a picture is open, to another page of its object"],
  [["Home", "End"], "First and last picture"],
  [["Enter"], "Open"],
  [["←", "→"], "Previous and next picture while one is open"],
  [["+", "−", "0"], "Zoom in, out, fit"],
  [["s", "f", "1", "i"], "Slideshow, full screen, actual size and details of an open picture"],
  [["m"], "More like this picture"],
  [["g"], "Show or hide look-alikes"],
  [["x"], "Select, or unselect"],
  [["Shift", "←", "→"], "Select as you move"],
  [["f"], "Filters"],
  [["?"], "This help"],
];

function KeyList(): JSX.Element {
  return (
    <dl class="keys">
      {KEYS.map(([keys, meaning]) => (
        <div key={meaning}><dt>{keys.map((key) => <kbd key={key}>{key}</kbd>)}</dt><dd>{meaning}</dd></div>
      ))}
    </dl>
  );
}

function Keys(): JSX.Element {
  return <div class="prose"><KeyList /></div>;
}
