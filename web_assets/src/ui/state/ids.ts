/**
 * A set of image ids as text for a link. Ids are 64 random bits each, so little can be saved: sorted, each is stored as its distance from
 * the one before, in the Rice code that suits their number. 100 ids take 1,000 letters instead of 1,700. Pure.
 */

/** The most ids that a link has. */
export const MOST_IDS = 1000;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const END = 1n << 64n;

/** @param ids of 16 hexadecimal digits; those beyond the most are left out. The first letter says how many low bits are stored as they are. */
export function packIds(ids: readonly string[]): string {
  const values = [...new Set(ids)].slice(0, MOST_IDS).map((id) => BigInt(`0x${id}`)).sort((a, b) => (a < b ? -1 : 1));
  const low = 64 - Math.max(1, Math.floor(Math.log2(Math.max(1, values.length))));
  let bits = "";
  let last = 0n;
  for (const value of values) {
    const step = value - last;
    bits += "1".repeat(Number(step >> BigInt(low))) + "0" + (step & ((1n << BigInt(low)) - 1n)).toString(2).padStart(low, "0");
    last = value;
  }
  // The code that fills the last letter has no end.
  const filled = bits.padEnd(Math.ceil(bits.length / 6) * 6, "1");
  return LETTERS[low]! + (filled.match(/.{6}/g) ?? []).map((six) => LETTERS[parseInt(six, 2)]!).join("");
}

/** The ids of a text, in rising order. What is malformed ends it. */
export function unpackIds(text: string): string[] {
  const low = LETTERS.indexOf(text[0] ?? "");
  const letters = [...text.slice(1, 2 * MOST_IDS * 11)].map((letter) => LETTERS.indexOf(letter));
  const ids: string[] = [];
  if (low < 1 || letters.includes(-1)) return ids;
  const bits = letters.map((value) => value.toString(2).padStart(6, "0")).join("");
  let last = 0n;
  for (let at = 0; ids.length < MOST_IDS;) {
    const end = bits.indexOf("0", at);
    if (end < 0 || end + 1 + low > bits.length) break;
    last += (BigInt(end - at) << BigInt(low)) + BigInt(`0b${bits.slice(end + 1, end + 1 + low)}`);
    if (last >= END) break;
    ids.push(last.toString(16).padStart(16, "0"));
    at = end + 1 + low;
  }
  return ids;
}
