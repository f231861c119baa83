/**
 * Which rows match an expression, and how many times each has the phrases that count. Nodes step through their rows together as
 * SQLite's do: its bm25 counts the phrases that are on the row by then, also some that did not lead to the match.
 */
import type { Branch, Near, Node } from "./expression";
import type { Leaf } from "./leaf";

type Step = Leaf | Inner;

/** @param visit called for each row that matches, in rising order; the leaves with `row` and not at their end are on it */
export function walk(node: Node, leaves: ReadonlyMap<Near, Leaf>, visit: (row: number) => void): void {
  const root = stepOf(node, leaves, true);
  for (root.first(); !root.eof; root.next()) if (!root.nomatch) visit(root.row);
}

/** Every `near` of an expression, in the order of the text. */
export function nearsOf(node: Node): Near[] {
  return node.kind === "near" ? [node] : node.children.flatMap(nearsOf);
}

function stepOf(node: Node, leaves: ReadonlyMap<Near, Leaf>, root: boolean): Step {
  if (node.kind === "near") return leaves.get(node)!;
  return new KINDS[node.kind](node.children.map((child) => stepOf(child, leaves, false)), root);
}

abstract class Inner {
  row = 0;
  eof = false;
  nomatch = false;

  constructor(protected readonly children: readonly Step[], protected readonly root: boolean) {}

  abstract first(): void;
  abstract next(from?: number): void;

  end(): void {
    this.eof = true;
    this.nomatch = false;
    for (const child of this.children) child.end();
  }

  zero(): void {
    for (const child of this.children) child.zero();
  }
}

class Or extends Inner {
  first(): void {
    for (const child of this.children) child.first();
    this.test();
  }

  next(from = 0): void {
    for (const child of this.children) if (!child.eof && (child.row === this.row || child.row < from)) child.next(from);
    this.test();
  }

  private test(): void {
    const best = this.children.reduce((best, child) => {
      const order = compared(best, child);
      return order > 0 || (order === 0 && !child.nomatch) ? child : best;
    });
    this.row = best.row;
    this.eof = best.eof;
    this.nomatch = best.nomatch;
  }
}

class And extends Inner {
  first(): void {
    for (const child of this.children) child.first();
    if (this.children.some(({ eof }) => eof)) return this.end();
    this.row = this.children[0]!.row;
    this.test();
  }

  next(from = 0): void {
    this.children[0]!.next(from);
    this.test();
  }

  private test(): void {
    let { row } = this;
    for (let all = false; !all;) {
      all = true;
      this.nomatch = false;
      for (const child of this.children) {
        if (!child.eof && child.row < row) child.next(row);
        if (child.eof) return this.end();
        if (child.row !== row) {
          all = false;
          row = child.row;
        }
        if (child.nomatch) this.nomatch = true;
      }
    }
    if (this.nomatch && !this.root) this.zero();
    this.row = row;
  }
}

class Not extends Inner {
  first(): void {
    for (const child of this.children) child.first();
    // What is unwanted counts on its first row if there is nothing to take it away from.
    if (this.children[0]!.eof) this.eof = true;
    else this.test();
  }

  next(from = 0): void {
    this.children[0]!.next(from);
    this.test();
  }

  private test(): void {
    const [wanted, unwanted] = this.children as [Step, Step];
    while (!wanted.eof) {
      if (compared(wanted, unwanted) > 0) unwanted.next(wanted.row);
      if (compared(wanted, unwanted) !== 0 || unwanted.nomatch) break;
      wanted.next();
    }
    this.row = wanted.row;
    this.eof = wanted.eof;
    this.nomatch = wanted.nomatch;
    if (wanted.eof) unwanted.zero();
  }
}

const KINDS: Record<Branch["kind"], new (children: readonly Step[], root: boolean) => Inner> = { and: And, or: Or, not: Not };

/** Which of two steps comes first; one at its end comes last. */
function compared(a: Step, b: Step): number {
  if (b.eof) return -1;
  return a.eof ? 1 : a.row - b.row;
}
