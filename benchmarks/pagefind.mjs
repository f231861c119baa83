// Indexes JSON lines of [address, text] with Pagefind: node pagefind.mjs ROWS FOLDER
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { performance } from "node:perf_hooks";
import { close, createIndex } from "pagefind";

const [rows, folder] = process.argv.slice(2);
const started = performance.now();
const { index } = await createIndex({});
let batch = [];
for await (const line of createInterface({ input: createReadStream(rows) })) {
  const [name, content] = JSON.parse(line);
  batch.push(index.addCustomRecord({ url: `/${name}`, content, language: "en" }));
  if (batch.length === 200) {
    await Promise.all(batch);
    batch = [];
  }
}
await Promise.all(batch);
const { errors } = await index.writeFiles({ outputPath: folder });
if (errors.length) throw new Error(errors.join("\n"));
await close();
console.log(JSON.stringify({ s: Math.round(performance.now() - started) / 1000 }));
