/** Full text as files: what TypeScript reads is what SQLite has, as few files as needed are read, and damage is refused. */
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { SiteTerms } from "../../web_assets/src/catalog/postings";
import { compareTerms } from "../../web_assets/src/catalog/term-file";
import { FormatError, type CatalogEntry, type FileEntry } from "../../web_assets/src/format";
import { decoded, golden } from "./support/files";

interface Case {
  name: string;
  catalog: CatalogEntry;
  files: Record<string, string>;
  terms: Record<string, { rows: number[]; times: number[]; columns: number[]; positions: number[] }>;
  lengths: number[];
}

const { catalogs } = JSON.parse(new TextDecoder().decode(decoded(golden, "postings.json.gz"))) as { catalogs: Case[] };
const long = catalogs[0]!;

function content(text: string): Uint8Array {
  const data = new Uint8Array(Buffer.from(text, "base64"));
  return data[0] === 0x1f && data[1] === 0x8b ? new Uint8Array(gunzipSync(data)) : data;
}

function open(site: Case, read: string[] = [], damaged: ReadonlyMap<string, Uint8Array> = new Map()): SiteTerms {
  const load = (entry: FileEntry): Promise<Uint8Array> => {
    read.push(entry.path);
    const stored = site.files[entry.path];
    if (stored === undefined) return Promise.reject(new FormatError("There is no such file."));
    return Promise.resolve(damaged.get(entry.path) ?? content(stored));
  };
  return new SiteTerms(site.catalog, load, (entries) => Promise.all(entries.map(load)));
}

describe.each(catalogs)("full text with $name", (site) => {
  it("has what SQLite has", async () => {
    const terms = open(site);
    for (const [term, places] of Object.entries(site.terms)) {
      const found = await terms.occurrences(term, null);
      expect([...found.rows]).toEqual(places.rows);
      expect([...await terms.rows(term)]).toEqual(places.rows);
      expect([...await terms.times(term)]).toEqual(places.times);
      expect([...found.starts].slice(1).map((end, i) => end - found.starts[i]!)).toEqual(places.times);
      expect([...found.positions]).toEqual(places.positions);
      expect(found.columns ? [...found.columns] : places.columns.map(() => 0)).toEqual(places.columns);
      expect(await terms.having(term)).toBe(places.rows.length);
      const lengths = places.rows.map((row) => site.lengths[row]);
      expect([...await open(site).lengths(found.rows, [term, "zzzz"])]).toEqual(lengths);
      expect([...await open(site).lengths(found.rows)]).toEqual(lengths);
    }
    expect([...await terms.lengths(Uint32Array.from(site.lengths.keys()))]).toEqual(site.lengths);
  });

  it("finds terms by their beginning", async () => {
    const terms = open(site);
    const known = Object.keys(site.terms).sort(compareTerms);
    const prefixes = new Set(known.flatMap((term) => [0, 1, 2, 3].map((size) => term.slice(0, size))).filter((text) => !/[\ud800-\udbff]$/.test(text)));
    for (const prefix of [...prefixes, "zzzz", "\u{f0000}"]) {
      expect(await terms.withPrefix(prefix)).toEqual(known.filter((term) => term.startsWith(prefix)));
    }
  });

  it("has no rows of unknown terms", async () => {
    const terms = open(site);
    for (const term of ["", "a", "zzzz", "\u{f0000}", "\ue000"]) {
      expect([...await terms.rows(term)]).toEqual([]);
      expect((await terms.occurrences(term, null)).positions.length).toBe(0);
    }
  });
});

describe("terms", () => {
  it("are in the order of UTF-8", () => {
    const some = ["", "a", "ab", "b", "é", "\ue000", "\uffee", "\u{10000}", "\u{f0000}x"];
    expect([...some].reverse().sort(compareTerms)).toEqual(some);
    expect([...some].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))).toEqual(some);
  });
});

describe("long lists", () => {
  const [word] = Object.entries(long.terms).sort(([, a], [, b]) => b.rows.length - a.rows.length)[0]!;

  it("load only the places of the rows that are asked for", async () => {
    const read: string[] = [];
    const terms = open(long, read);
    await terms.rows(word);
    const before = read.length;
    const some = Uint32Array.of(3, 4);
    const found = await terms.occurrences(word, some);
    expect(read.length - before).toBe(1);
    const all = long.terms[word]!;
    const wanted = all.rows.flatMap((row, i) => Array<number>(all.times[i]!).fill(row)).map((row, i) => [row, all.positions[i]]);
    const got = [...found.rows].flatMap((row, i) => [...found.positions.subarray(found.starts[i], found.starts[i + 1])].map((position) => [row, position]));
    expect(got).toEqual(wanted.filter(([row]) => found.rows.includes(row!)));
  });

  it("have heads of their best rows, which need one file", async () => {
    const read: string[] = [];
    const terms = open(long, read);
    await terms.having(word);
    const before = read.length;
    const head = (await terms.best(word))!;
    expect(read.length - before).toBe(1);
    expect([...head.sizes]).toEqual([...head.rows].map((row) => long.lengths[row]));
    expect([...terms.knownLengths(head.rows)]).toEqual([...head.sizes]);
  });

  it("are read again after a failure", async () => {
    const entry = long.catalog;
    let broken = true;
    const load = ({ path }: FileEntry) => (broken ? Promise.reject(new Error("offline")) : Promise.resolve(content(long.files[path]!)));
    const terms = new SiteTerms(entry, load, (entries) => Promise.all(entries.map(load)));
    await expect(terms.rows(word)).rejects.toThrow("offline");
    broken = false;
    expect([...await terms.rows(word)]).toEqual(long.terms[word]!.rows);
  });
});

describe("damage", () => {
  it("of any byte is refused, or gives rows of the collection", async () => {
    let seed = 5;
    const draw = (below: number) => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % below;
    const paths = Object.keys(long.files);
    let refused = 0;
    for (let i = 0; i < 40; i++) {
      const path = paths[draw(paths.length)]!;
      const data = content(long.files[path]!).slice();
      data[8 + draw(data.length - 8)]! ^= 1 << draw(8);
      const terms = open(long, [], new Map([[path, data]]));
      for (const term of Object.keys(long.terms)) {
        try {
          const { rows } = await terms.occurrences(term, null);
          await terms.best(term);
          await terms.lengths(rows, [term]);
          expect(rows.every((row, at) => row < terms.count && (at === 0 || row > rows[at - 1]!))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
          refused++;
        }
      }
    }
    expect(refused).toBeGreaterThan(20);
  });
});
