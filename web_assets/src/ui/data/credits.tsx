/** Whose the collection is: how many rows each creator and licence has, and how to cite it. */
import type { JSX } from "preact";

import { visible } from "../../base/visible";
import type { FieldDefinition, Manifest } from "../../engine/types";
import { useController } from "../context";
import { CREDIT } from "../detail/fields";
import { nounOf } from "../layout";
import { copyText } from "../parts/copy";
import { LinkIcon } from "../parts/icons";
import { bibtex, citation } from "./cite";
import type { Counting } from "./counting";
import { Field, isListed } from "./field";

/** Whether a field says whose a row is, and has values to count. */
export function isCredit(field: FieldDefinition): boolean {
  return CREDIT.test(field.name) && isListed(field) && (field.type === "category" || field.type === "tags");
}

export function Credits({ manifest, counting }: { manifest: Manifest; counting: Counting }): JSX.Element {
  const controller = useController();
  const counted = manifest.fields.filter(isCredit);
  const others = manifest.fields.filter((field) => CREDIT.test(field.name) && !isCredit(field));
  const noun = nounOf(manifest);
  // The names and texts are those of the site itself, without what is made safe to show.
  const { collection } = controller.collection?.manifest ?? manifest;
  const source = { collection, url: location.protocol === "file:" ? null : controller.base, day: new Date() };
  const copy = (text: string, done: string): void => void copyText({ say: (said) => controller.say(said) }, text, done);
  return (
    <>
      {counted.length > 0 && (
        <ul class="data-fields" aria-labelledby="data-credits">
          {counted.map((field) => <Field key={field.name} field={field} manifest={manifest} stats={counting.known.get(field.name)} counting={counting} />)}
        </ul>
      )}
      {others.length > 0 && (
        <p class="data-lead">
          A {noun} can have {counted.length ? "more" : "its own"}: {others.map(({ label }) => label).join(", ")}. An open {noun} shows {others.length === 1 ? "it" : "them"}.
        </p>
      )}
      {!counted.length && !others.length && !collection.attribution.length && (
        <p class="data-lead">The collection does not name the owners of its {noun}s. Ask its publisher before you use them elsewhere.</p>
      )}
      <figure class="data-cite">
        <figcaption>How to cite the collection</figcaption>
        <blockquote><p><bdi>{visible(citation(source))}</bdi></p></blockquote>
        <p class="data-cite-ways">
          <button type="button" class="button small" onClick={() => copy(citation(source), "Citation copied")}><LinkIcon />Copy</button>
          <button type="button" class="button small" onClick={() => copy(bibtex(source), "BibTeX entry copied")}>Copy as BibTeX</button>
        </p>
      </figure>
    </>
  );
}
