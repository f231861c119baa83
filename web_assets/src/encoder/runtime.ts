/** onnxruntime-web: the plain WebAssembly build, one thread, loaded on first use. */
import { own } from "../base/own";
import type { InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { part } from "../base/errors";
import { FormatError } from "../format/errors";

export interface TowerFiles {
  model: Uint8Array;
  /** Files beside the model that hold its weights. */
  weights?: { path: string; data: Uint8Array }[];
}

type Ort = typeof import("onnxruntime-web/wasm");

let loading: Promise<Ort> | null = null;

/** The runtime; a failure may be tried again. `binary` is the content of ort-wasm-simd-threaded.wasm. */
export function loadRuntime(binary: () => Promise<Uint8Array<ArrayBuffer>>): Promise<Ort> {
  loading ??= (async () => {
    // One after the other: the binary is loaded in its turn.
    const wasmBinary = await binary();
    const ort = await part(import("onnxruntime-web/wasm"), "env", "InferenceSession");
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.proxy = false;
    ort.env.wasm.wasmBinary = wasmBinary.buffer;
    ort.env.logLevel = "error";
    return ort;
  })().catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

/** One ONNX model with one output. Runs are queued, because the runtime cannot run two at once. */
export class Tower {
  private last: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly ort: Ort, private readonly session: InferenceSession,
    private readonly output: string, private readonly dim: number, private readonly name: string,
  ) {}

  static async create(ort: Ort, { model, weights = [] }: TowerFiles, output: string, dim: number, name: string): Promise<Tower> {
    try {
      const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"], graphOptimizationLevel: "all", externalData: weights });
      // The runtime has started and no longer needs the 14 MB it was made from.
      delete ort.env.wasm.wasmBinary;
      return new Tower(ort, session, output, dim, name);
    } catch (cause) {
      throw new FormatError(`The model's ${name} cannot be used: ${String((cause as Error).message ?? cause)}`, { cause });
    }
  }

  float(values: Float32Array, shape: number[]): Tensor {
    return new this.ort.Tensor("float32", values, shape);
  }

  long(values: number[], shape: number[]): Tensor {
    return new this.ort.Tensor("int64", BigInt64Array.from(values, BigInt), shape);
  }

  /** The embedding, float32 [dim]. Throws FormatError if the model's output is anything else. */
  async run(feeds: Record<string, Tensor>): Promise<Float32Array> {
    const turn = this.last.then(() => this.session.run(feeds, [this.output]));
    this.last = turn.catch(() => undefined);
    const found = own(await turn, this.output);
    const data = found?.data;
    if (!(data instanceof Float32Array) || data.length !== this.dim || !data.every(Number.isFinite)) {
      throw new FormatError(`The model's ${this.name} gives no finite embedding of ${this.dim} dimensions.`);
    }
    // A copy: the runtime may reuse its memory.
    return data.slice();
  }

  async release(): Promise<void> {
    await this.last;
    await this.session.release();
  }
}
