// How long unpacking the coarse codes of 50,000 rows takes, by WebAssembly and by JavaScript: node benchmarks/unpacking.mjs
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROWS = 50_000;
const TURNS = 15;
const layouts = {
  "80 directions of 4 bits": new Uint8Array(80).fill(4),
  "96 directions of 1 to 7 bits": Uint8Array.from({ length: 96 }, (_, d) => 1 + (d * 5) % 7),
  "160 directions of 2 bits": new Uint8Array(160).fill(2),
};
const folder = mkdtempSync(join(tmpdir(), "unpacking-"));
execFileSync("node", [fileURLToPath(new URL("vector_kernel.mjs", import.meta.url)), folder], { stdio: ["ignore", "ignore", "inherit"] });
const { allocateScanner, unpackInto } = await import(pathToFileURL(join(folder, "kernel.js")).href);
rmSync(folder, { recursive: true });

const found = {};
for (const [name, bits] of Object.entries(layouts)) {
  const rowBytes = Math.ceil(bits.reduce((sum, width) => sum + width, 0) / 8);
  const packed = Uint8Array.from({ length: ROWS * rowBytes }, (_, i) => (i * 151 + 7 * (i >> 3)) & 255);
  for (const backend of ["js", "wasm"]) {
    const scanner = await allocateScanner(ROWS, Math.ceil(bits.length / 16) * 16, backend);
    const times = Array.from({ length: TURNS }, () => {
      const begun = performance.now();
      unpackInto(scanner, 0, packed, { bits, rowBytes });
      return performance.now() - begun;
    }).sort((a, b) => a - b);
    found[`${name}, ${backend}`] = Math.round(times[TURNS >> 1] * 10) / 10;
  }
}
console.log(JSON.stringify({ rows: ROWS, p50_ms: found }));
