/** LEB128 numbers: seven bits a byte, the low ones first. The twin is builder/imagedb_site/varints.py. */
import { FormatError } from "./errors";

/** Reads numbers one after the other. */
export class Varints {
  /** @param at where the next number begins */
  constructor(private readonly bytes: Uint8Array, public at = 0) {}

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  /** @throws FormatError if the number is cut short or is 2³² or more */
  next(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.at++];
      if (byte === undefined || scale > 2 ** 28) throw new FormatError("A number is cut short or too large.");
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    if (value > 0xffffffff) throw new FormatError("A number is cut short or too large.");
    return value;
  }
}

/** Exactly `count` numbers. Throws FormatError if the bytes hold others. */
export function readVarints(bytes: Uint8Array, count: number): Uint32Array {
  if (count > bytes.length) throw new FormatError("A list of numbers has other numbers than were announced.");
  const found = new Uint32Array(count);
  const numbers = new Varints(bytes);
  for (let i = 0; i < count; i++) found[i] = numbers.next();
  if (!numbers.done) throw new FormatError("A list of numbers has other numbers than were announced.");
  return found;
}
