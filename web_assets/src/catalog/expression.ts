/**
 * SQLite's full-text expressions: the same grammar, limits and error messages as FTS5, so that an expression means the same in every
 * place that answers it. `Parser` keeps count of the symbols that SQLite's parser has on its stack, because that has a limit.
 */
import { tokenize } from "./tokenizer";

/** The expression is not valid FTS5 syntax. */
export class SyntaxProblem extends Error {
  override readonly name = "SyntaxProblem";
}

/** Tokens in a row. */
export interface Phrase {
  terms: string[];
  /** Whether each term is a prefix. */
  prefixes: boolean[];
  /** Whether it must be at the start of a column. */
  first: boolean;
}

/** Phrases near each other; usually only one. */
export interface Near {
  kind: "near";
  phrases: Phrase[];
  distance: number;
  /** The columns that are searched; null for all. */
  columns: ReadonlySet<number> | null;
  /** Whether nothing can match: no words, or no column left. */
  never: boolean;
}

export interface Branch {
  kind: "and" | "or" | "not";
  children: Node[];
  height: number;
}

export type Node = Near | Branch;

const MOST_SYMBOLS = 99;
const MOST_HEIGHT = 256;
const DEFAULT_DISTANCE = 10;
const SPACE = /[ \t\n\r]*/y;
const QUOTED = /"(?:[^"]|"")*"/y;
// eslint-disable-next-line no-control-regex
const BAREWORD = /[A-Za-z0-9_\x1a\u0080-\u{10ffff}]+/uy;
const SIGNS = "(){}:,+*-^";
const STRING = "string";

/**
 * @param columns the names of the table's columns
 * @throws SyntaxProblem for what SQLite refuses, with its message
 */
export function parseExpression(expression: string, columns: readonly string[]): Node {
  if (expression.startsWith("*")) throw new SyntaxProblem(`unknown special query: ${/^ *([^ ]*)/.exec(expression.slice(1))![1]!}`);
  return new Parser(expression, columns).whole();
}

class Parser {
  private at = 0;
  /** The token that was read last but not taken: a sign, an operator, `string`, or "" at the end. */
  private kind: string | null = null;
  private text = "";
  private symbols = 0;

  constructor(private readonly source: string, private readonly columns: readonly string[]) {}

  whole(): Node {
    const node = this.or();
    if (this.peek() !== "") this.refuse();
    return node;
  }

  private or(): Node {
    return this.chain("or", "OR", () => this.chain("and", "AND", () => this.not()));
  }

  private not(): Node {
    return this.chain("not", "NOT", () => this.primary());
  }

  private chain(kind: Branch["kind"], operator: string, part: () => Node): Node {
    let node = part();
    while (this.peek() === operator) {
      this.take();
      node = this.within(2, () => branch(kind, node, part()));
    }
    return node;
  }

  /** An expression in parentheses, or adjacent phrases, each with or without columns. */
  private primary(): Node {
    if (this.peek() === "(") return this.parentheses();
    for (let list: Node | null = null; ;) {
      const columns = this.within(list ? 1 : 0, () => this.columnsOrNull());
      if (columns && this.peek() === "(" && !list) {
        const node = this.within(2, () => this.parentheses());
        narrow(node, columns);
        return node;
      }
      const near: Near = this.within((list ? 1 : 0) + (columns ? 2 : 0), () => this.near());
      if (columns) narrow(near, columns);
      list = list ? beside(list, near) : near;
      if (![STRING, "{", "-", "^"].includes(this.peek())) return list;
    }
  }

  private parentheses(): Node {
    this.take();
    const node = this.within(1, () => this.or());
    this.within(2, () => this.expect(")"));
    this.peek();
    return node;
  }

  /** `name :`, `{names} :`, each with or without a minus before it; null if a phrase begins here. */
  private columnsOrNull(): Set<number> | null {
    const minus = this.peek() === "-";
    if (minus) this.take();
    const deeper = minus ? 1 : 0;
    let found: Set<number>;
    if (this.peek() === "{") {
      this.take();
      found = new Set();
      this.within(deeper + 1, () => {
        do found.add(this.within(found.size ? 1 : 0, () => this.column())); while (this.peek() === STRING);
        this.within(1, () => this.expect("}"));
        this.peek();
      });
    } else if (minus || this.isColumn()) {
      found = this.within(deeper, () => new Set([this.column()]));
    } else {
      return null;
    }
    this.expect(":");
    return minus ? new Set([...this.columns.keys()].filter((column) => !found.has(column))) : found;
  }

  /** Whether the next tokens are a string and a colon. */
  private isColumn(): boolean {
    if (this.peek() !== STRING) return false;
    const { at, kind, text } = this;
    this.kind = null;
    const colon = this.peek() === ":";
    Object.assign(this, { at, kind, text });
    return colon;
  }

  private column(): number {
    const name = dequoted(this.expect(STRING));
    this.peek();
    const lower = asciiLower(name);
    const found = this.columns.findIndex((column) => asciiLower(column) === lower);
    if (found < 0) throw new SyntaxProblem(`no such column: ${name}`);
    return found;
  }

  private near(): Near {
    if (this.peek() === "^") {
      this.take();
      const phrase = this.within(1, () => this.phrase());
      phrase.first = phrase.terms.length > 0;
      return nearOf([phrase], 0);
    }
    const name = this.expect(STRING);
    if (this.peek() !== "(") return nearOf([this.phrase(name)], 0);
    this.take();
    const phrases: Phrase[] = [];
    const distance = this.within(2, () => {
      do phrases.push(this.within(phrases.length ? 1 : 0, () => this.phrase())); while (this.peek() === STRING);
      if (this.peek() !== ",") return null;
      this.take();
      return this.within(2, () => this.expect(STRING));
    });
    this.within(4, () => this.expect(")"));
    this.peek();
    if (name !== "NEAR") throw problemNear(name);
    if (distance !== null && !/^[0-9]*$/.test(distance)) throw new SyntaxProblem(`expected integer, got "${distance}"`);
    return nearOf(withoutEmpty(phrases), distance === null ? DEFAULT_DISTANCE : int32(distance));
  }

  /** @param start the first string, if it was taken already */
  private phrase(start?: string): Phrase {
    const phrase: Phrase = { terms: [], prefixes: [], first: false };
    const add = (text: string) => {
      const prefix = this.peek() === "*";
      // The lack of an asterisk is a symbol, too.
      this.within(prefix ? 1 : 2, () => prefix && this.take());
      const found = tokenize(dequoted(text)).map(({ term }) => term);
      for (const term of found) {
        phrase.terms.push(term);
        phrase.prefixes.push(false);
      }
      if (phrase.terms.length) phrase.prefixes[phrase.terms.length - 1] = prefix;
    };
    add(start ?? this.expect(STRING));
    while (this.peek() === "+") {
      this.take();
      this.within(2, () => { add(this.expect(STRING)); });
    }
    return phrase;
  }

  /** Does `run` while the parser has this number of additional symbols on its stack. */
  private within<T>(symbols: number, run: () => T): T {
    this.symbols += symbols;
    if (this.symbols > MOST_SYMBOLS) throw new SyntaxProblem("fts5: parser stack overflow");
    const result = run();
    this.symbols -= symbols;
    return result;
  }

  private take(): string {
    this.peek();
    this.kind = null;
    if (this.symbols + 1 > MOST_SYMBOLS) throw new SyntaxProblem("fts5: parser stack overflow");
    return this.text;
  }

  private expect(kind: string): string {
    if (this.peek() !== kind) this.refuse();
    return this.take();
  }

  private refuse(): never {
    throw problemNear(this.text);
  }

  private peek(): string {
    if (this.kind !== null) return this.kind;
    SPACE.lastIndex = this.at;
    this.at += SPACE.exec(this.source)![0].length;
    const sign = this.source[this.at];
    if (sign === undefined) return this.read("", "");
    if (SIGNS.includes(sign)) return this.read(sign, sign);
    const pattern = sign === '"' ? QUOTED : BAREWORD;
    pattern.lastIndex = this.at;
    const text = pattern.exec(this.source)?.[0];
    if (text === undefined) throw sign === '"' ? new SyntaxProblem("unterminated string") : problemNear(sign);
    return this.read(["AND", "OR", "NOT"].includes(text) ? text : STRING, text);
  }

  private read(kind: string, text: string): string {
    this.at += text.length;
    this.kind = kind;
    this.text = text;
    return kind;
  }
}

function problemNear(text: string): SyntaxProblem {
  return new SyntaxProblem(`fts5: syntax error near "${text}"`);
}

function dequoted(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
}

function asciiLower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** A number as a C int of 32 bits, which may overflow. */
function int32(digits: string): number {
  let value = 0;
  for (const digit of digits) value = (Math.imul(value, 10) + Number(digit)) | 0;
  return value;
}

function nearOf(phrases: Phrase[], distance: number): Near {
  return { kind: "near", phrases, distance, columns: null, never: phrases.some(({ terms }) => !terms.length) };
}

/** Phrases without words are left out as long as there are others. */
function withoutEmpty(phrases: Phrase[]): Phrase[] {
  const some = phrases.filter(({ terms }) => terms.length);
  return some.length ? some : phrases.slice(0, 1);
}

function isBranch(node: Node): node is Branch {
  return node.kind !== "near";
}

function branch(kind: Branch["kind"], left: Node, right: Node): Branch {
  const children: Node[] = [];
  for (const node of [left, right]) {
    if (kind !== "not" && node.kind === kind) for (const child of (node as Branch).children) children.push(child);
    else children.push(node);
  }
  const height = children.reduce((most, child) => Math.max(most, isBranch(child) ? child.height + 1 : 1), 0);
  if (height > MOST_HEIGHT) throw new SyntaxProblem(`fts5 expression tree is too large (maximum depth ${MOST_HEIGHT})`);
  return { kind, children, height };
}

/** Adjacent phrases: all of them, but one without words does not count. */
function beside(list: Node, near: Near): Node {
  if (near.never) return list;
  if (!isBranch(list)) return list.kind === "near" && list.never ? near : branch("and", list, near);
  list.children.push(near);
  return list;
}

/** Limits what is below a node to columns. */
function narrow(node: Node, columns: ReadonlySet<number>): void {
  if (isBranch(node)) {
    for (const child of node.children) narrow(child, columns);
  } else if (!node.never) {
    const before = node.columns;
    node.columns = before ? new Set([...before].filter((column) => columns.has(column))) : columns;
    node.never = before !== null && !node.columns.size;
  }
}
