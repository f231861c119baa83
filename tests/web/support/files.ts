/** Reading golden files and packages in tests. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gunzipSync, inflateSync } from "node:zlib";

export const repository = join(import.meta.dirname, "..", "..", "..");
export const golden = join(repository, "tests", "golden");
const require = createRequire(join(repository, "web_assets", "package.json"));

export function bytes(...path: string[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(join(...path)));
}

/** A golden file, decoded if it is gzip-compressed. */
export function decoded(...path: string[]): Uint8Array<ArrayBuffer> {
  const data = bytes(...path);
  return data[0] === 0x1f && data[1] === 0x8b ? new Uint8Array(gunzipSync(data)) : data;
}

export function json<T>(...path: string[]): T {
  return JSON.parse(readFileSync(join(...path), "utf8")) as T;
}

/** The content of a file of an npm package. */
export function packageFile(specifier: string): Uint8Array<ArrayBuffer> {
  return bytes(require.resolve(specifier));
}

export const ortWasm = () => Promise.resolve(packageFile("onnxruntime-web/ort-wasm-simd-threaded.wasm"));

/** The RGBA pixels of a PNG with 8 bits per channel, RGB or RGBA, not interlaced. */
export function readPng(...path: string[]): { width: number; height: number; data: Uint8Array } {
  const file = Buffer.from(bytes(...path));
  let [width, height, channels] = [0, 0, 0];
  const packed: Buffer[] = [];
  for (let at = 8; at < file.length;) {
    const length = file.readUInt32BE(at);
    const type = file.toString("latin1", at + 4, at + 8);
    const body = file.subarray(at + 8, at + 8 + length);
    if (type === "IHDR") {
      [width, height] = [body.readUInt32BE(0), body.readUInt32BE(4)];
      channels = { 2: 3, 6: 4 }[body[9]!] ?? 0;
      if (body[8] !== 8 || !channels || body[12]) throw new Error(`${path.at(-1)} is a PNG of another kind`);
    }
    if (type === "IDAT") packed.push(body);
    at += 12 + length;
  }
  const raw = inflateSync(Buffer.concat(packed));
  const stride = width * channels;
  const lines = new Uint8Array(height * stride);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)]!;
    for (let x = 0; x < stride; x++) {
      const left = x < channels ? 0 : lines[y * stride + x - channels]!;
      const up = y ? lines[(y - 1) * stride + x]! : 0;
      const corner = y && x >= channels ? lines[(y - 1) * stride + x - channels]! : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter]!;
      lines[y * stride + x] = raw[y * (stride + 1) + 1 + x]! + guess;
    }
  }
  const data = new Uint8Array(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < channels; c++) data[4 * i + c] = lines[i * channels + c]!;
  }
  return { width, height, data };
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner;
  const [a, b, c] = [Math.abs(estimate - left), Math.abs(estimate - up), Math.abs(estimate - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
