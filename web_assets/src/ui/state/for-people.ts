/** What a site says about itself, made safe to show. The site may be anybody's. Pure. */
import { visible } from "../../base/visible";
import type { Manifest } from "../../engine/types";

/** Longer labels would push everything else off the screen. */
const MOST_LETTERS = 120;

/** The manifest with its texts for people made safe to show; nothing else changes. */
export function forPeople(manifest: Manifest): Manifest {
  const { collection, fields, model } = manifest;
  return {
    ...manifest,
    generator: short(manifest.generator),
    collection: {
      ...collection,
      title: short(collection.title),
      description: visible(collection.description),
      attribution: collection.attribution.map(({ text, licence, ...rest }) =>
        ({ ...rest, text: visible(text), ...(licence === undefined ? {} : { licence: visible(licence) }) })),
    },
    fields: fields.map((field) => ({ ...field, label: short(field.label) || field.name })),
    model: model && { ...model, name: short(model.name), licence: { ...model.licence, id: short(model.licence.id), note: visible(model.licence.note) } },
  };
}

function short(text: string): string {
  const letters = [...visible(text.slice(0, 1000)).trim()];
  return letters.length > MOST_LETTERS ? `${letters.slice(0, MOST_LETTERS - 1).join("")}…` : letters.join("");
}
