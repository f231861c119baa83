/**
 * Large text towers, whose weights lie in files beside the graph: 8-bit codes, stored in 8 or 4 bits (docs/FORMAT.md 3.8). This is a
 * script of its own, because few sites have such a model.
 */
import { readContainer, section } from "../format/container";
import { FormatError } from "../format/errors";
import type { PackManifest } from "../format/manifest";
import { DeviceError } from "./device";
import type { TowerFiles } from "./runtime";

/** GiB that a device should have for a heavy tower: it holds the weights twice while the tower starts. */
const ENOUGH = 4;
const MOBILE = /Mobi|Android|iPhone|iPad/;
/** How browsers and onnxruntime say that memory is short. */
const SHORT = /alloc|memory|OOM/i;

/** So many inputs share a factor in 4 bits. */
const GROUP = 16;
/** The code that means 0. */
const ZERO = 128;

/** The 8-bit codes of all matrices of a part, one after the other. */
export function readWeights(bytes: Uint8Array): Uint8Array {
  const container = readContainer(bytes, "weights");
  const { precision, shapes } = container.header;
  if (!Array.isArray(shapes) || !shapes.every(isShape)) throw new FormatError("The shapes of the weights are not pairs of numbers.");
  const count = shapes.reduce((sum, [inputs, outputs]) => sum + inputs * outputs, 0);
  if (precision === "int8") return section(container, "codes", ["u8"], count);
  if (precision !== "int4" || shapes.some(([inputs, outputs]) => inputs % GROUP || outputs % 2)) {
    throw new FormatError("The precision of the weights is unknown, or does not fit their shapes.");
  }
  const codes = section(container, "codes", ["u8"], count / 2);
  const factors = section(container, "factors", ["u8"], count / GROUP);
  const result = new Uint8Array(count);
  let at = 0;
  let group = 0;
  for (const [inputs, outputs] of shapes) {
    for (let input = 0; input < inputs; input++) {
      const first = group + Math.floor(input / GROUP) * outputs;
      for (let output = 0; output < outputs; output += 2, at += 2) {
        const pair = codes[at >> 1]!;
        result[at] = ZERO + ((((pair & 15) - 8) * factors[first + output]! + 8) >> 4);
        result[at + 1] = ZERO + ((((pair >> 4) - 8) * factors[first + output + 1]! + 8) >> 4);
      }
    }
    group += (inputs / GROUP) * outputs;
  }
  return result;
}

function isShape(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((side) => Number.isSafeInteger(side) && side > 0 && side < 1 << 20);
}

/** Whether a device may try. Where the browser does not tell its memory, phones and tablets are taken to have too little. */
export function takesLarge({ deviceMemory, userAgent = "" }: { deviceMemory?: number; userAgent?: string }): boolean {
  return deviceMemory === undefined ? !MOBILE.test(userAgent) : deviceMemory >= ENOUGH;
}

/** The graph and its weights. Throws DeviceError if the device should not try a heavy tower, or runs out of memory. */
export async function loadLarge(text: PackManifest["text"], load: (file: string) => Promise<Uint8Array>, heavy: boolean): Promise<TowerFiles> {
  const { navigator = {} } = globalThis as { navigator?: Parameters<typeof takesLarge>[0] };
  if (heavy && !takesLarge(navigator)) throw new DeviceError();
  const read = async (path: string) => ({ path, data: readWeights(await load(path)) });
  const files = Promise.all([load(text.file), Promise.all((text.weights ?? []).map(read))]);
  const [model, weights] = await files.catch(explain);
  return { model, weights };
}

/** Throws `error`, or a DeviceError if it says that memory is short. */
export function explain(error: unknown): never {
  throw error instanceof RangeError || SHORT.test(String((error as Error | null)?.message ?? error)) ? new DeviceError({ cause: error }) : error;
}
