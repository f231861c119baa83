/** The token table: rows by id. A shard is fetched when one of its tokens is first needed. */
import { FormatError } from "../format/errors";
import type { PackManifest } from "../format/manifest";
import { readTokenShard, tokenRow, type TokenShard } from "../format/model";

export interface TableSpec {
  rows: number;
  width: number;
  rows_per_shard: number;
  /** Absent if it may be any. */
  precision?: PackManifest["tokens"]["precision"];
}

export class TokenTable {
  private readonly shards = new Map<number, Promise<TokenShard>>();

  /** @param load gives the content of a shard */
  constructor(private readonly spec: TableSpec, private readonly load: (shard: number) => Promise<Uint8Array>) {}

  /** float32 [ids, width] */
  async lookUp(ids: readonly number[]): Promise<Float32Array> {
    const { width, rows, rows_per_shard: perShard } = this.spec;
    const wanted = new Set(ids.map((id) => {
      if (!Number.isInteger(id) || id < 0 || id >= rows) throw new FormatError(`The model's token table has no row ${id}.`);
      return Math.floor(id / perShard);
    }));
    const shards = new Map(await Promise.all([...wanted].map(async (number) => [number, await this.shard(number)] as const)));
    const result = new Float32Array(ids.length * width);
    ids.forEach((id, position) => {
      tokenRow(shards.get(Math.floor(id / perShard))!, id % perShard, result.subarray(position * width, (position + 1) * width));
    });
    return result;
  }

  private shard(number: number): Promise<TokenShard> {
    let shard = this.shards.get(number);
    if (!shard) {
      shard = this.read(number);
      this.shards.set(number, shard);
      // A failed load may be tried again.
      shard.catch(() => this.shards.delete(number));
    }
    return shard;
  }

  private async read(number: number): Promise<TokenShard> {
    const { rows, width, precision, rows_per_shard: perShard } = this.spec;
    const shard = readTokenShard(await this.load(number));
    const expected = Math.min(perShard, rows - number * perShard);
    if (shard.first !== number * perShard || shard.count !== expected || shard.width !== width || (precision && shard.codes.precision !== precision)) {
      throw new FormatError(`Shard ${number} of the model's rows does not fit its description.`);
    }
    return shard;
  }
}
