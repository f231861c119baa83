/** Sets of rows: the golden file that both languages read, and what must be refused. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FormatError, readRowSet } from "../../web_assets/src/format";
import { golden, json } from "./support/files";

interface Case {
  name: string;
  bytes: string;
  count: number;
}
const cases = json<{ sets: (Case & { rows: number[] })[]; refused: (Case & { size: number })[] }>(golden, "row-sets.json");
const decoded = (text: string) => new Uint8Array(Buffer.from(text, "base64"));

describe("a set of rows", () => {
  it.each(cases.sets)("is read: $name", ({ bytes, count, rows }) => {
    expect([...readRowSet(decoded(bytes), count, rows.length)]).toEqual(rows);
  });

  it.each(cases.refused)("is refused if it is damaged: $name", ({ bytes, count, size }) => {
    expect(() => readRowSet(decoded(bytes), count, size)).toThrow(FormatError);
  });

  it("of any bytes has rising rows, or is refused", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(200), fc.nat(200), (bytes, count, size) => {
      try {
        const rows = [...readRowSet(bytes, count, size)];
        expect(rows.length).toBe(size);
        expect(rows.every((row, i) => row < count && (i === 0 || row > rows[i - 1]!))).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }));
  });
});
