/** Encodes texts and pictures with a model pack. Every part is loaded when it is first needed. */
import { spelledOut } from "../base/emoji";
import { part } from "../base/errors";
import { own } from "../base/own";
import { parseJson } from "../format/json";
import type { PackManifest } from "../format/manifest";
import { DeviceError } from "./device";
import { preprocess, type Pixels } from "./preprocess";
import { loadRuntime, Tower, type TowerFiles } from "./runtime";
import { PackTokenizer } from "./tokenizer";
import { TokenTable } from "./tokens";

export interface EncoderOptions {
  /** The dimension of the embeddings. */
  dim: number;
  /** Gives the description of the pack; called once, for the first text or picture. */
  pack: () => Promise<PackManifest>;
  /** The content of a file of the pack. */
  load: (file: string) => Promise<Uint8Array>;
  /** The content of ort-wasm-simd-threaded.wasm. */
  runtime: () => Promise<Uint8Array<ArrayBuffer>>;
  /** The static rows of the pack, if it has any. */
  staticTable?: TokenTable | null;
  /** Awaited between fetching a tower and starting it, which keeps this thread busy for a while. */
  turn?: () => Promise<void>;
}

/** What large text towers need. */
const large = () => part(import("./weights"), "loadLarge");

/** Bytes of weights. */
const HEAVY = 96e6;
/** A tokenizer with more tokens than this is one of many languages. */
const MOST_TOKENS = 100_000;
/** A sum of rows that is shorter has no direction. */
const LEAST_LENGTH = 1e-6;

export class Encoder {
  readonly dim: number;
  private parts: Promise<{ pack: PackManifest; table: TokenTable }> | null = null;
  private tokenizer: Promise<PackTokenizer> | null = null;
  private text: Promise<Tower> | null = null;
  private image: Promise<Tower> | null = null;
  private textReady = false;
  /** The stored text tower until it has started. */
  private textFile: Promise<TowerFiles> | null = null;
  /** Why this device cannot take the text tower; it is not tried again. */
  private refused: DeviceError | null = null;

  constructor(private readonly options: EncoderOptions) {
    this.dim = options.dim;
  }

  /** Whether the text tower is loaded: encoding a text then takes milliseconds and loads at most a few token shards. */
  get ready(): boolean {
    return this.textReady || this.refused !== null;
  }

  /** Load what the text tower needs, and start nothing. A heavy tower is left to the first search. */
  async fetch(): Promise<void> {
    if (this.text) return;
    const { pack } = await this.pack();
    await Promise.all([this.packTokenizer(), ...isHeavy(pack) ? [] : [this.towerFile(), loadRuntime(this.options.runtime)]]);
  }

  /** Load everything that texts need, except the token rows. */
  async warm(): Promise<void> {
    await Promise.all([this.textTower(), this.packTokenizer()]);
  }

  /** float32 [dim], L2-normalised. Fetches runtime, tower, tokenizer and token rows side by side. */
  async encodeText(text: string): Promise<Float32Array> {
    this.begin();
    return await this.run(await this.tokenIds(text));
  }

  /**
   * The embedding of a text as a query (docs/QUERY.md, "Emoji"): emoji are replaced by their names, and tokens that the model does
   * not know are left out. Null if nothing is left, which needs the tokenizer only.
   */
  async encodeQuery(text: string): Promise<Float32Array | null> {
    this.begin();
    const [tokenizer, spelled] = await Promise.all([this.packTokenizer(), spelledOut(text)]);
    const ids = tokenizer.encodeKnown(spelled);
    return ids && await this.run(ids);
  }

  /**
   * The approximate embedding of a text as a query: the sum of the static rows of its tokens (docs/FORMAT.md 3.7), float32 [dim],
   * L2-normalised. Needs the tokenizer and a few rows. Null if nothing of the text is known, or if the pack has no static rows.
   */
  async approximate(text: string): Promise<Float32Array | null> {
    const { staticTable } = this.options;
    if (!staticTable) return null;
    const [tokenizer, spelled] = await Promise.all([this.packTokenizer(), spelledOut(text)]);
    const ids = tokenizer.encodeKnown(spelled);
    if (!ids) return null;
    const rows = await staticTable.lookUp(ids);
    const sum = new Float64Array(this.dim);
    rows.forEach((value, i) => { sum[i % this.dim]! += value; });
    const length = Math.sqrt(sum.reduce((total, value) => total + value * value, 0));
    return length > LEAST_LENGTH ? Float32Array.from(sum, (value) => value / length) : null;
  }

  /** Begin to load the tower beside the tokenizer. If it fails and is needed, `run` reports it. */
  private begin(): void {
    this.textTower().catch(() => undefined);
  }

  private async run(known: number[]): Promise<Float32Array> {
    const [tower, { pack, ids, real, rows }] = await Promise.all([this.textTower(), this.prepare(known)]);
    const { text: spec, tokens } = pack;
    const feeds = new Map([[spec.inputs.embeddings, tower.float(rows, [1, ids.length, tokens.width])]]);
    if (spec.inputs.mask) feeds.set(spec.inputs.mask, tower.long(ids.map((_, i) => (i < real ? 1 : 0)), [1, ids.length]));
    if (spec.inputs.ids) feeds.set(spec.inputs.ids, tower.long(ids, [1, ids.length]));
    return await tower.run(Object.fromEntries(feeds));
  }

  /** The token ids of a text, before padding. */
  async tokenIds(text: string): Promise<number[]> {
    return (await this.packTokenizer()).encode(text);
  }

  /** Those of some words that are more than one token; null if the tokenizer is one of many languages. */
  async split(words: readonly string[]): Promise<string[] | null> {
    const [{ pack }, tokenizer] = await Promise.all([this.pack(), this.packTokenizer()]);
    if (pack.tokens.rows > MOST_TOKENS) return null;
    const one = tokenizer.encode("a").length;
    return words.filter((word) => tokenizer.encode(word).length > one);
  }

  /** float32 [dim], L2-normalised. */
  async encodeImage(pixels: Pixels): Promise<Float32Array> {
    const { input, preprocessing } = (await this.pack()).pack.image;
    const values = preprocess(pixels, preprocessing);
    const tower = await this.imageTower();
    return await tower.run({ [input]: tower.float(values, [1, 3, ...preprocessing.size]) });
  }

  async close(): Promise<void> {
    for (const tower of [this.text, this.image]) await (await tower?.catch(() => null))?.release();
    this.text = this.image = this.tokenizer = null;
    this.textReady = false;
  }

  private async prepare(known: number[]): Promise<{ pack: PackManifest; ids: number[]; real: number; rows: Float32Array }> {
    const { pack, table } = await this.pack();
    const ids = [...known];
    const { padding, max_tokens: maxTokens } = pack.text;
    const real = ids.length;
    while (padding === "max" && ids.length < maxTokens) ids.push(padId(pack));
    return { pack, ids, real, rows: await table.lookUp(ids) };
  }

  private pack(): Promise<{ pack: PackManifest; table: TokenTable }> {
    const { options } = this;
    this.parts ??= options.pack().then((pack) => ({ pack, table: new TokenTable(pack.tokens, (shard) => options.load(pack.tokens.shards[shard]!)) })).catch((error: unknown) => {
      this.parts = null;
      throw error;
    });
    return this.parts;
  }

  private packTokenizer(): Promise<PackTokenizer> {
    this.tokenizer ??= (async () => {
      const { pack } = await this.pack();
      const compact = parseJson(await this.options.load(pack.tokenizer.file), "The model's tokenizer");
      return await PackTokenizer.create(compact, pack.text.max_tokens, padId(pack));
    })().catch((error: unknown) => {
      this.tokenizer = null;
      throw error;
    });
    return this.tokenizer;
  }

  private textTower(): Promise<Tower> {
    this.text ??= (this.refused ? Promise.reject(this.refused) : this.tower("text")).then((tower) => {
      this.textReady = true;
      return tower;
    }, (error: unknown) => {
      this.text = null;
      if (error instanceof DeviceError) this.refused = error;
      throw error;
    });
    return this.text;
  }

  private imageTower(): Promise<Tower> {
    this.image ??= this.tower("image").catch((error: unknown) => {
      this.image = null;
      throw error;
    });
    return this.image;
  }

  private async tower(kind: "text" | "image"): Promise<Tower> {
    const { options } = this;
    const fetched: Promise<TowerFiles> = kind === "text" ? this.towerFile() : this.pack().then(async ({ pack }) => ({ model: await options.load(pack.image.file) }));
    const [ort, { pack }, files] = await Promise.all([loadRuntime(options.runtime), this.pack(), fetched]);
    await options.turn?.();
    if (kind === "text") this.textFile = null;
    const create = Tower.create(ort, files, pack[kind].output, this.dim, `${kind} tower`);
    return await (files.weights ? create.catch(async (error: unknown) => (await large()).explain(error)) : create);
  }

  private towerFile(): Promise<TowerFiles> {
    this.textFile ??= this.pack().then(async ({ pack }) => {
      const { load } = this.options;
      return pack.text.weights ? await (await large()).loadLarge(pack.text, load, isHeavy(pack)) : { model: await load(pack.text.file) };
    }).catch((error: unknown) => {
      this.textFile = null;
      throw error;
    });
    return this.textFile;
  }
}

/** Whether the text tower is too much for small devices, and to load it in advance. */
function isHeavy({ text: { weights = [] }, files }: PackManifest): boolean {
  return weights.reduce((sum, name) => sum + (own(files, name)?.bytes ?? 0), 0) > HEAVY;
}

function padId({ text }: PackManifest): number {
  return text.pad_id ?? 0;
}
