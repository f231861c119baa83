// Asks a site for texts in Node over an imitated line, and prints one JSON object: node catalogue.mjs LIBRARY SITE QUERIES
// The line: 40 ms to the first byte of each file, and 20 Mbit/s that all files share. QUERIES: {"words": […], "expressions": […]}.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { pathToFileURL } from "node:url";

const [library, site, queries] = process.argv.slice(2);
const { open } = await import(pathToFileURL(library).href);
const { words, expressions } = JSON.parse(await readFile(queries, "utf8"));
const [LATENCY_MS, BYTES_PER_MS] = [40, 2500];
const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

let bytes = 0;
let requests = 0;
let free = 0;
const fetch = async (input) => {
  const content = await readFile(join(site, decodeURIComponent(new URL(input).pathname)));
  bytes += content.length;
  requests++;
  const begins = Math.max(performance.now() + LATENCY_MS, free);
  free = begins + content.length / BYTES_PER_MS;
  await sleep(free - performance.now());
  return new Response(content);
};

/** Bytes, requests and milliseconds of an answer, without the rows and documents that are shown. */
async function measured(collection, text) {
  [bytes, requests] = [0, 0];
  const started = performance.now();
  const { total } = await collection.search(text, { mode: "words", k: 0 });
  return { bytes, requests, ms: performance.now() - started, total };
}

async function opened() {
  const collection = await open("http://catalogue.invalid/", { fetch });
  await collection.search("", { mode: "words", k: 20 });
  return collection;
}

const share = (values, part) => Math.round([...values].sort((a, b) => a - b)[Math.ceil(part * values.length) - 1]);
const result = {};

// Each of the first queries by itself, in a page that has loaded nothing else.
const first = [];
for (const text of words.slice(0, 20)) {
  const collection = await opened();
  first.push(await measured(collection, text));
  await collection.close();
}
for (const key of ["bytes", "ms", "requests"]) {
  result[`first_words_${key}`] = share(first.map((one) => one[key]), 0.5);
  result[`first_words_p95_${key}`] = share(first.map((one) => one[key]), 0.95);
}

// All of the others one after the other, as one visitor may type them.
const collection = await opened();
await measured(collection, words[0]);
const next = [];
for (const text of words.slice(1)) next.push(await measured(collection, text));
for (const [name, part] of [["p50", 0.5], ["p95", 0.95]]) {
  for (const key of ["bytes", "ms", "requests"]) result[`next_words_${name}_${key}`] = share(next.map((one) => one[key]), part);
}
result.without_results = next.filter(({ total }) => !total).length;

const asked = [];
const other = await opened();
for (const text of expressions) asked.push(await measured(other, text));
result.expression_first_bytes = asked[0].bytes;
result.expression_p50_bytes = share(asked.slice(1).map((one) => one.bytes), 0.5);
result.expression_p95_bytes = share(asked.slice(1).map((one) => one.bytes), 0.95);
console.log(JSON.stringify(result));
