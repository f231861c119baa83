/** Coarse codes: unpacked as the format says, refused when they are damaged, the same by WebAssembly and JavaScript. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { FormatError, paddedDim, readCoarse, readCoarseCodes } from "../../web_assets/src/format";
import { allocateScanner, CoarseIndex, unpackInto } from "../../web_assets/src/kernel";
import { golden } from "./support/files";

const file = (start: string): Uint8Array => readFileSync(join(golden, "site-grown", "data", readdirSync(join(golden, "site-grown", "data")).find((name) => name.startsWith(start))!));
const { dim } = (JSON.parse(readFileSync(join(golden, "site-grown", "manifest.json"), "utf8")) as { vectors: { dim: number } }).vectors;

interface Packed {
  bits: number[];
  packed: string;
  values: number[][];
}

const packedCases = JSON.parse(readFileSync(join(golden, "packed.json"), "utf8")) as Packed[];

/** Bits in order, the lowest first. */
function unpacked(code: Uint8Array, bits: Uint8Array): number[] {
  let left = code.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
  return Array.from(bits, (width) => {
    const value = Number(left & ((1n << BigInt(width)) - 1n));
    left >>= BigInt(width);
    return 2 * value - 2 ** width + 1;
  });
}

describe("coarse codes", () => {
  it("are unpacked bit by bit", async () => {
    const bits = Uint8Array.from({ length: 37 }, (_, d) => 1 + ((d * 5) % 7));
    const rowBytes = Math.ceil(bits.reduce((sum, width) => sum + width, 0) / 8);
    const rows = 9;
    const packed = Uint8Array.from({ length: rows * rowBytes }, (_, i) => (i * 151 + 7 * (i >> 3)) & 255);
    const directions = { dim: 37, dims: 37, matrix: new Int8Array(37 * 37), scale: new Float32Array(37).fill(1), bits, steps: new Float32Array(37).fill(1), rowBytes };
    for (let d = 0; d < 37; d++) directions.matrix[38 * d] = 1;
    const mean = new Float32Array(37);
    for (const backend of ["wasm", "js"] as const) {
      const scanner = await allocateScanner(rows, paddedDim(37), backend);
      unpackInto(scanner, 0, packed.subarray(0, 4 * rowBytes), directions);
      unpackInto(scanner, 4, packed.subarray(4 * rowBytes), directions);
      const index = new CoarseIndex(scanner, directions, mean);
      const embeddings = index.embeddings([...Array(rows).keys()]);
      for (let row = 0; row < rows; row++) {
        expect([...embeddings.subarray(row * 37, row * 37 + 37)], `${backend}, row ${row}`)
          .toEqual(unpacked(packed.subarray(row * rowBytes, (row + 1) * rowBytes), bits));
      }
      const query = Float32Array.from({ length: 37 }, (_, d) => Math.sin(d));
      const all = index.similarities(query, [...Array(rows).keys()]);
      const best = index.search(query, 3);
      expect([...best.rows]).toEqual([...all.keys()].sort((a, b) => all[b]! - all[a]!).slice(0, 3));
      expect([...best.similarities]).toEqual([...best.rows].map((row) => all[row]));
    }
  });

  it.each(["wasm", "js"] as const)("are unpacked as by numpy (%s)", async (backend) => {
    expect(packedCases.length).toBeGreaterThan(20);
    for (const { bits, packed, values } of packedCases) {
      const padded = paddedDim(bits.length);
      const rowBytes = packed.length / 2 / values.length;
      const bytes = Uint8Array.from(Buffer.from(packed, "hex"));
      // Rows before and after stay as they are.
      const scanner = await allocateScanner(values.length + 5, padded, backend);
      expect(scanner.backend).toBe(backend);
      scanner.codes.fill(99);
      unpackInto(scanner, 3, bytes.subarray(0, rowBytes), { bits: Uint8Array.from(bits), rowBytes });
      unpackInto(scanner, 4, bytes.subarray(rowBytes), { bits: Uint8Array.from(bits), rowBytes });
      for (let row = 0; row < values.length + 5; row++) {
        const found = bits.map((_, d) => scanner.codes[(row >> 2) * 4 * padded + (d >> 4) * 64 + (row & 3) * 16 + (d & 15)]);
        expect(found, `${bits.join(" ")}: row ${row}`).toEqual(values[row - 3] ?? bits.map(() => 99));
      }
    }
  });

  it("are unpacked in parts if there are many", async () => {
    const bits = Uint8Array.from({ length: 50 }, (_, d) => 1 + (d % 7));
    const rowBytes = Math.ceil(bits.reduce((sum, width) => sum + width, 0) / 8);
    const rows = Math.ceil(200_000 / rowBytes);
    const packed = Uint8Array.from({ length: rows * rowBytes }, (_, i) => (i * 151 + 7 * (i >> 3)) & 255);
    const [wasm, js] = await Promise.all((["wasm", "js"] as const).map((backend) => allocateScanner(rows, paddedDim(50), backend)));
    for (const scanner of [wasm!, js!]) unpackInto(scanner, 0, packed, { bits, rowBytes });
    expect(Buffer.from(wasm!.codes).equals(Buffer.from(js!.codes))).toBe(true);
  });

  it("are refused if they are not what the manifest says", () => {
    const [scheme, codes] = [file("coarse."), file("coarse-codes.b")];
    const { rowBytes } = readCoarse(scheme, dim);
    expect(() => readCoarse(scheme, dim + 1)).toThrow(FormatError);
    expect(() => readCoarse(codes, dim)).toThrow(FormatError);
    expect(() => readCoarseCodes(codes, 0, 3, rowBytes)).toThrow(FormatError);
    expect(() => readCoarseCodes(scheme, 0, 3, rowBytes)).toThrow(FormatError);
  });

  it("with any byte changed or cut off are read or refused, nothing else", () => {
    const scheme = file("coarse.");
    for (let at = 0; at < scheme.length; at += 3) {
      const changed = Uint8Array.from(scheme);
      changed[at]! ^= 1 << (at & 7);
      for (const bytes of [changed, scheme.slice(0, at)]) {
        try {
          const { bits, steps, scale } = readCoarse(bytes, dim);
          expect([...bits].every((width) => width >= 1 && width <= 7)).toBe(true);
          expect([...steps, ...scale].every((value) => value > 0 && Number.isFinite(value))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }
    }
  });
});
