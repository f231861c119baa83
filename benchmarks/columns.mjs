// Asks a site for filters, facets and orders in Node, and prints one JSON object: node columns.mjs LIBRARY SITE COMMON_TAG MIDDLE_TAG RARE_TAG
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { performance } from "node:perf_hooks";
import { join } from "node:path";

const [library, site, common, middle, rare] = process.argv.slice(2);
const { open } = await import(pathToFileURL(library).href);
const base = "http://columns.invalid/";

// Without results, so that no documents are loaded.
const tag = (value) => (collection) => collection.search("", { mode: "words", k: 0, filters: [{ field: "tags", kind: "any", values: [value] }] });
const typed = (text) => (collection) => collection.search(text, { mode: "words", k: 0 });
const facet = (field, options = {}) => (collection) => collection.facets(field, { mode: "words", ...options });
const filtered = (value) => ({ filters: [{ field: "tags", kind: "any", values: [value] }] });

const QUESTIONS = {
  tag_common: tag(common), tag_middle: tag(middle), tag_rare: tag(rare), tag_typed: typed(`tag:${middle}`), tag_prefix: typed(`tag:${middle.slice(0, 5)}*`),
  category: typed("rating:safe"), date_range: typed("taken:2025-12"), number_range: typed("score:700.."),
  facet_tags: facet("tags"), facet_category: facet("rating"),
  facet_tags_within_rare: facet("tags", filtered(rare)), facet_tags_within_common: facet("tags", filtered(common)),
  facet_category_within_middle: facet("rating", filtered(middle)),
  sort_date: (collection) => collection.search("", { mode: "words", k: 0, sort: { field: "taken", direction: "ascending" } }),
  sort_number: (collection) => collection.search("", { mode: "words", k: 0, sort: { field: "score", direction: "descending" } }),
  browse_last_page: (collection) => collection.search("", { mode: "words", k: 20, offset: collection.manifest.collection.count - 20 }),
};

const result = {};
for (const [name, ask] of Object.entries(QUESTIONS)) {
  let [bytes, requests] = [0, 0];
  const fetch = async (input) => {
    const content = await readFile(join(site, decodeURIComponent(new URL(input).pathname)));
    bytes += content.length;
    requests++;
    return new Response(content);
  };
  const collection = await open(base, { fetch });
  // What every answer loads: the index of columns is part of the question, the manifest, rows and documents are not.
  await collection.search("", { mode: "words", k: 20 });
  [bytes, requests] = [0, 0];
  globalThis.gc?.();
  const started = performance.now();
  const answer = await ask(collection);
  const first = performance.now();
  await ask(collection);
  const again = performance.now();
  result[`${name}_bytes`] = bytes;
  result[`${name}_requests`] = requests;
  result[`${name}_ms`] = Math.round(first - started);
  result[`${name}_again_ms`] = Math.round(again - first);
  if (answer.total !== undefined) result[`${name}_total`] = answer.total;
  if (answer[0]?.about) result[`${name}_about`] = true;
  await collection.close();
}
console.log(JSON.stringify(result));
