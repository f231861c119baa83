/** Full text over two tables gives the answers of one table that holds all rows. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JoinedText } from "../../web_assets/src/additions/full-text";
import { SyntaxProblem, TermsText, type FullText } from "../../web_assets/src/catalog";

const columns = ["title", "text"];
const WORDS = ["cat", "cats", "running", "runs", "snow", "Zürich", "bridge", "北京", "rare"];
const EXPRESSIONS = [
  "cat", "cat snow", "cat OR bridge", "cat AND bridge", "cat NOT snow", "(cat OR snow) NOT bridge", '"cat runs"', "title : cat", "- title : cat",
  "ru*", "^cat", "NEAR(cat snow, 2)", "北京 OR rare", "cat OR cat", '"running snow" OR zurich', "nothing", "nothing OR cat", "cat AND nothing",
  '"…" OR cat', '""', "r* OR {title text} : snow",
];

const text = fc.array(fc.constantFrom(...WORDS), { maxLength: 9 }).map((words) => words.join(" "));
const rows = (least: number) => fc.array(fc.tuple(text, text), { minLength: least, maxLength: 12 });
const sizes = { numRuns: 60 };

/** Run `check` with the joined tables and with the one. */
async function compare(published: string[][], added: string[][], check: (joined: FullText, whole: FullText) => Promise<void>) {
  const [first, second, all] = [published, added, [...published, ...added]].map((texts) => TermsText.of(texts, columns));
  await check(new JoinedText(first!, second!, published.length), all!);
}

describe("two tables", () => {
  it("match expressions in the same order as one", async () => {
    await fc.assert(fc.asyncProperty(rows(0), rows(1), async (published, added) => {
      await compare(published, added, async (joined, whole) => {
        for (const expression of EXPRESSIONS) {
          const [found, expected] = [await joined.match(expression), await whole.match(expression)];
          expect([...found.rows], expression).toEqual([...expected.rows]);
          found.ranks.forEach((rank, i) => { expect(rank, expression).toBeCloseTo(expected.ranks[i]!, 12); });
          expect([...await joined.having(expression)], expression).toEqual([...await whole.having(expression)]);
        }
      });
    }), sizes);
  });

  it("rank words in the same order as one, with the same shares", async () => {
    const words = fc.uniqueArray(fc.constantFrom(...WORDS, "unheardof"), { minLength: 1, maxLength: 4 });
    await fc.assert(fc.asyncProperty(rows(0), rows(1), words, async (published, added, asked) => {
      const wanted = asked.filter((word) => word !== "北京");
      const weigh = (having: number) => 1 / (1 + having);
      const allowed = (row: number) => row % 3 !== 1;
      await compare(published, added, async (joined, whole) => {
        for (const mask of [null, allowed]) {
          const [found, expected] = [await joined.rank(wanted, mask, weigh), await whole.rank(wanted, mask, weigh)];
          for (const part of ["strict", "others"] as const) {
            const [all, wanted] = [await found![part].first(100), await expected![part].first(100)];
            expect([...all.rows]).toEqual([...wanted.rows]);
            expect(all.shares).toEqual(wanted.shares);
            expect([...(await found![part].first(3)).rows]).toEqual([...wanted.rows].slice(0, 3));
            expect([...await found![part].rows()].sort()).toEqual([...wanted.rows].sort());
          }
        }
        for (const word of WORDS) expect([...await joined.withWord(word)]).toEqual([...await whole.withWord(word)]);
      });
    }), sizes);
  });

  it("have matches in these texts", async () => {
    const published = [["cat snow", ""], ["", "running cats over a bridge"]];
    const added = [["rare cat", ""], ["cat", "snow snow"]];
    await compare(published, added, async (joined) => {
      expect((await joined.match("cat AND snow")).rows).toHaveLength(2);
      expect([...(await joined.match("rare OR bridge")).rows].sort()).toEqual([1, 2]);
      const counts = await joined.countPhrases("cat AND bridge AND rare");
      expect(counts).toMatchObject({ rows: 4, having: [4, 1, 1] });
      expect(await joined.highlight(["a cat", "snow"], "cats")).toEqual([["a ", "cat"], ["snow"]]);
    });
  });

  it("refuse the same expressions as one", async () => {
    await compare([["cat", ""]], [["snow", ""]], async (joined, whole) => {
      for (const expression of ["(", "a AND", "cat) OR (snow", "nocolumn : x"]) {
        await expect(joined.match(expression)).rejects.toThrow(SyntaxProblem);
        const [mine, theirs] = await Promise.all([joined, whole].map((text) => text.match(expression).catch((error: unknown) => String(error))));
        expect(mine).toEqual(theirs);
      }
    });
  });
});
