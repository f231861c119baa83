/** Which values a filter on tags, categories or booleans accepts (docs/QUERY.md, "Values"). The twin of builder/imagedb_site/query/values.py. */
import { own } from "../../base/own";
import type { FieldDefinition } from "../../format/index";
import { normal } from "./characters";
import { plainCharacters } from "./typed";

const BOOLEANS: Readonly<Record<string, string>> = { yes: "true", "1": "true", no: "false", "0": "false" };
/** What people type between the components of a path, if the value does not have the field's separator. */
const OTHER_SEPARATORS = ["/", ">", "|", "\\"];
const NO_WORD = /[^\p{L}\p{N}\p{M}]+/gu;
const STARTS_WITH_WORD = /^[\p{L}\p{N}\p{M}]/u;
const ENDS_WITH_WORD = /[\p{L}\p{N}\p{M}]$/u;

type Field = Pick<FieldDefinition, "type" | "separator">;

/** Separators that normal text keeps, so that it can be split in place of the value. */
const KEPT = "/>|\\:;,.";

/** A value in the forms that tests compare; words and components are made when they are needed first. */
class Have {
  readonly text: string;
  private spaced: string | null = null;
  private components: string[] | null = null;

  constructor(private readonly value: string, private readonly separator: string | undefined) {
    this.text = comparable(value);
  }

  /** The words, with a space around each. */
  get words(): string {
    return (this.spaced ??= ` ${wordsOf(this.text)} `);
  }

  /** The components of a path. */
  get parts(): string[] {
    const { text, value, separator } = this;
    this.components ??= separator === undefined ? []
      : KEPT.includes(separator) ? text.split(separator).map((part) => part.replace(/^ +| +$/g, "")).filter(Boolean)
      : partsOf(value, separator);
    return this.components;
  }
}

type Test = (have: Have) => boolean;

const NONE: ReadonlySet<string> = new Set();

/** The comparable forms of the alternatives that mean whole tags, or words if no value has this form. Empty for other fields. */
export function wholeForms({ type, separator }: Field, alternatives: readonly string[]): string[] {
  if (type !== "tags" || separator !== undefined) return [];
  const typed = alternatives.map((alternative) => plainCharacters(alternative).replace(/^ +| +$/g, ""));
  return typed.filter((text) => !text.endsWith("*")).map(comparable).filter(Boolean);
}

/**
 * A test of whether a value of the field is one of those that the alternatives of a filter mean.
 * @param byWords those of the `wholeForms` that no value of the collection has; they match by words
 */
export function valueTest(field: Field, alternatives: readonly string[], byWords = NONE): (value: string) => boolean {
  const tests = alternatives.flatMap((typed) => testsOf(field, plainCharacters(typed).replace(/^ +| +$/g, ""), byWords));
  const { separator } = field;
  return (value) => {
    const have = new Have(value, separator);
    return tests.some((accepts) => accepts(have));
  };
}

/** A comparable form of values, and whether values that begin with it are meant, too. */
export interface ValueKey {
  key: string;
  prefix: boolean;
}

/**
 * The keys of the values that a filter accepts; null if others may be accepted as well: categories and the tags in `byWords` match by
 * single words, and paths by parts.
 */
export function valueKeys({ type, separator }: Field, alternatives: readonly string[], byWords = NONE): ValueKey[] | null {
  if (type === "category" || separator !== undefined || byWords.size) return null;
  return alternatives.flatMap((alternative) => {
    const typed = plainCharacters(alternative).replace(/^ +| +$/g, "");
    const key = comparable(typed.replace(/\*+$/, ""));
    if (!key) return [];
    return [{ key: type === "boolean" ? own(BOOLEANS, key) ?? key : key, prefix: typed.endsWith("*") }];
  });
}

/** The path `value` and all its parents, from the first level on; empty components do not count. */
export function parents(value: string, separator: string): string[] {
  const paths: string[] = [];
  for (let from = 0; from <= value.length;) {
    const at = value.indexOf(separator, from);
    const end = at < 0 ? value.length : at;
    if (end > from) paths.push(value.slice(0, end));
    from = end + separator.length;
  }
  return paths;
}

/** The tests that one alternative stands for; a value that fits any of them is accepted. */
function testsOf({ type, separator }: Field, typed: string, byWords: ReadonlySet<string>): Test[] {
  const prefix = typed.endsWith("*");
  const bare = typed.replace(/\*+$/, "");
  let want = comparable(bare);
  if (!want) return [];
  if (type === "boolean") want = own(BOOLEANS, want) ?? want;
  const tests: Test[] = [];
  let rooted = false;
  if (separator !== undefined) {
    const others = OTHER_SEPARATORS.filter((character) => bare.includes(character));
    for (const between of bare.includes(separator) ? [separator] : [separator, ...others]) {
      const parts = partsOf(bare, between);
      const anchored = bare.startsWith(between) || bare.endsWith(between);
      rooted ||= anchored;
      if (parts.length && (anchored || type === "tags")) tests.push(runTest(parts, anchored, prefix && !bare.endsWith(between)));
    }
  }
  if (!rooted) {
    tests.push(({ text }) => text === want || (prefix && text.startsWith(want)));
    if (type === "category" || (!prefix && byWords.has(want))) tests.push(wordsTest(want, prefix));
  }
  return tests;
}

/** Whether a path has a run of whole components, `anchored` at its first one. The last may go on if `prefix`. */
function runTest(wanted: readonly string[], anchored: boolean, prefix: boolean): Test {
  const last = wanted.length - 1;
  const fits = (part: string, i: number): boolean => part === wanted[i] || (prefix && i === last && part.startsWith(wanted[i]!));
  return ({ parts }) => {
    const starts = anchored ? Math.min(1, parts.length - last) : parts.length - last;
    for (let start = 0; start < starts; start++) if (wanted.every((_, i) => fits(parts[start + i]!, i))) return true;
    return false;
  };
}

/**
 * Whether a value has the words of `want` in a run. A `want` that begins or ends with another character, such as "c++",
 * must be there as it is.
 */
function wordsTest(want: string, prefix: boolean): Test {
  const [starts, ends] = [STARTS_WITH_WORD.test(want), ENDS_WITH_WORD.test(want)];
  if (starts && ends) {
    const words = ` ${wordsOf(want)}${prefix ? "" : " "}`;
    return (have) => have.words.includes(words);
  }
  return ({ text }) => {
    for (let at = text.indexOf(want); at >= 0; at = text.indexOf(want, at + 1)) {
      const before = starts && ENDS_WITH_WORD.test(text.slice(0, at));
      const after = ends && STARTS_WITH_WORD.test(text.slice(at + want.length));
      if (!before && (!after || prefix)) return true;
    }
    return false;
  };
}

/** The form in which values are compared: normal text without typographic characters. */
export function comparable(text: string): string {
  return normal(plainCharacters(text));
}

/** The components of a path that are not empty, each in the form that is compared. */
function partsOf(path: string, separator: string): string[] {
  return path.split(separator).map(comparable).filter(Boolean);
}

/** The words of `text` with one space between them. A word is a run of letters, numbers and marks. */
function wordsOf(text: string): string {
  return text.replace(NO_WORD, " ").replace(/^ | $/g, "");
}
