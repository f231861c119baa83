/** A model pack at work: texts and pictures to embeddings. Every part loads when it is first needed. */
import { parseJson } from "../format/load";
import type { PackManifest } from "../format/manifest";
import { preprocess, type Pixels } from "./preprocess";
import { loadRuntime, Tower } from "./runtime";
import { PackTokenizer } from "./tokenizer";
import { TokenTable } from "./tokens";

export interface EncoderOptions {
  pack: PackManifest;
  /** The content of a file of the pack. */
  load: (file: string) => Promise<Uint8Array>;
  /** The content of ort-wasm-simd-threaded.wasm. */
  runtime: () => Promise<Uint8Array<ArrayBuffer>>;
  /** Awaited between fetching a tower and starting it, which keeps this thread busy for a while. */
  turn?: () => Promise<void>;
}

export class Encoder {
  readonly dim: number;
  private readonly table: TokenTable;
  private tokenizer: Promise<PackTokenizer> | null = null;
  private text: Promise<Tower> | null = null;
  private image: Promise<Tower> | null = null;
  private textReady = false;

  constructor(private readonly options: EncoderOptions) {
    this.dim = options.pack.dim;
    this.table = new TokenTable(options.pack.tokens, options.load);
  }

  /** Whether the text tower is loaded: a text then takes milliseconds, and at most a few token shards. */
  get ready(): boolean {
    return this.textReady;
  }

  /** Load all that texts need, but the token rows. */
  async warm(): Promise<void> {
    await Promise.all([this.textTower(), this.packTokenizer()]);
  }

  /** float32 [dim], L2-normalised. Fetches runtime, tower, tokenizer and token rows side by side. */
  async encodeText(text: string): Promise<Float32Array> {
    const spec = this.options.pack.text;
    const [tower, prepared] = await Promise.all([this.textTower(), this.prepare(text)]);
    const { ids, real, rows } = prepared;
    const feeds = { [spec.inputs.embeddings]: tower.float(rows, [1, ids.length, this.options.pack.tokens.width]) };
    if (spec.inputs.mask) feeds[spec.inputs.mask] = tower.long(ids.map((_, i) => (i < real ? 1 : 0)), [1, ids.length]);
    if (spec.inputs.ids) feeds[spec.inputs.ids] = tower.long(ids, [1, ids.length]);
    return await tower.run(feeds);
  }

  /** The token ids of a text, before padding. */
  async tokenIds(text: string): Promise<number[]> {
    return (await this.packTokenizer()).encode(text);
  }

  /** float32 [dim], L2-normalised. */
  async encodeImage(pixels: Pixels): Promise<Float32Array> {
    const { input, preprocessing } = this.options.pack.image;
    const values = preprocess(pixels, preprocessing);
    const tower = await this.imageTower();
    return await tower.run({ [input]: tower.float(values, [1, 3, ...preprocessing.size]) });
  }

  async close(): Promise<void> {
    for (const tower of [this.text, this.image]) await (await tower?.catch(() => null))?.release();
    this.text = this.image = this.tokenizer = null;
    this.textReady = false;
  }

  private async prepare(text: string): Promise<{ ids: number[]; real: number; rows: Float32Array }> {
    const { padding, max_tokens: maxTokens } = this.options.pack.text;
    const ids = await this.tokenIds(text);
    const real = ids.length;
    while (padding === "max" && ids.length < maxTokens) ids.push(this.padId);
    return { ids, real, rows: await this.table.lookUp(ids) };
  }

  private get padId(): number {
    return this.options.pack.text.pad_id ?? 0;
  }

  private packTokenizer(): Promise<PackTokenizer> {
    const { pack, load } = this.options;
    this.tokenizer ??= (async () => {
      const compact = parseJson(await load(pack.tokenizer.file), "The model's tokenizer");
      return await PackTokenizer.create(compact, pack.text.max_tokens, this.padId);
    })().catch((error: unknown) => {
      this.tokenizer = null;
      throw error;
    });
    return this.tokenizer;
  }

  private textTower(): Promise<Tower> {
    const { text } = this.options.pack;
    this.text ??= this.tower(text.file, text.output, "text tower").then((tower) => {
      this.textReady = true;
      return tower;
    }, (error: unknown) => {
      this.text = null;
      throw error;
    });
    return this.text;
  }

  private imageTower(): Promise<Tower> {
    const { image } = this.options.pack;
    this.image ??= this.tower(image.file, image.output, "image tower").catch((error: unknown) => {
      this.image = null;
      throw error;
    });
    return this.image;
  }

  private async tower(file: string, output: string, name: string): Promise<Tower> {
    const [ort, model] = await Promise.all([loadRuntime(this.options.runtime), this.options.load(file)]);
    await this.options.turn?.();
    return await Tower.create(ort, model, output, this.dim, name);
  }
}
