/**
 * How far apart two spellings are: what separates a typed word from the one that was probably meant. docs/QUERY.md ("Suggestions")
 * states the costs; the twin is builder/imagedb_site/query/spelling.py.
 */

/** The cost of one error. All costs are whole quarters of it, so that every language adds them exactly. */
export const ERROR = 4;
const SIMILAR = 3;
const SAME_SOUND = 2;
const FIRST_LETTER = 1;

/** Spellings of one sound, in English, German, French and Spanish; then in Russian and Greek. ^ is the beginning of a word and $ its end. */
const SOUNDS =
  "f ph|f v|v w|v b|c k ck ch q qu|kw qu cu|cs x ks cks|c s z ss sc ts tz|s x z|j y g i|j dj dge ge g" +
  "|i y ie ee ei|y ey i ie e|ee ea ie i e|ei ie ai ay ey e|a ae|e ae|o oe|u ue|o au ou eau ow oa" +
  "|u oo ou o|aw au ow|sh sch ch|ch tch tsch|zh j g|gn ny nj n|ll y|d dt t|gh f|igh y i" +
  "|tion sion cion zion|er$ re$ or$ ar$ ur$ a$|le$ el$ al$ il$|ence ance|ent ant|able ible|ough off" +
  "|e$ $|s$ es$ $|mb$ m$|^kn ^n|^wr ^r|^ps ^s|^es ^s|^esc ^sk" +
  "|ие ье ия|е э ё|и ы й|ш щ|тся ться|чн шн|ого ова ово|η ι υ ει οι|ο ω|ε αι|ου υ|γγ γκ";
/** Letters that are taken for each other: vowels, voiced and voiceless consonants, neighbours on a keyboard. */
const SIMILAR_LETTERS =
  "aeiouy|dt|bp|gk|mn|rl|vw|zs|yz|аоуыэяюёеи|дт|бп|гк|вф|жш|зс|ъь|αεηιουω" +
  "|qw|we|er|rt|ty|yu|ui|io|op|as|sd|df|fg|gh|hj|jk|kl|zx|xc|cv|vb|bn|nm|tz|zu";
const SILENT = "h'-ьъ";

/** The pairs of spellings (typed, meant) by the last letters of both. */
const RULES = new Map<string, [string, string][]>();
for (const group of SOUNDS.split("|")) {
  const spellings = group.split(" ");
  for (const typed of spellings) for (const meant of spellings) {
    if (typed === meant) continue;
    const key = typed.at(-1)! + meant.at(-1)!;
    RULES.set(key, [...RULES.get(key) ?? [], [typed, meant]]);
  }
}
const PAIRS = new Set(SIMILAR_LETTERS.split("|").flatMap((group) => [...group].flatMap((a) => [...group].map((b) => a + b))));

/** What the typed word's letters cost as one letter of another word, for each of their places. */
interface Column {
  change: Uint8Array;
  /** Spellings that end at this place: the first place of the typed one, and the meant one. */
  rules: (readonly [start: number, meant: string][] | null)[];
}

/**
 * The words that are at most `limit` from `typed`, as pairs of their places and their costs in quarters of an error.
 * @param words sorted: what equal beginnings cost is computed once. All are folded, and none has a `^` or `$`.
 */
export function within(typed: string, words: readonly string[], limit: number): [place: number, cost: number][] {
  const a = `^${typed}$`;
  const gaps = Uint8Array.from(a, (_, at) => gap(a, at));
  const columns = new Map<string, Column>();
  const begun = beginnings(a);
  const longest = Math.max(0, ...[...begun].map(({ length }) => length));
  const found: [number, number][] = [];
  const rows: Uint16Array[] = [Uint16Array.from({ length: a.length + 1 }, (_, i) => i * ERROR)];
  const least = [0];
  let before = "";
  /** If not 0, no word with the first `dead` characters of `before` is near enough. */
  let dead = 0;
  words.forEach((word, place) => {
    const b = `^${word}$`;
    const shared = common(before, b);
    if (dead && shared >= dead) return;
    dead = 0;
    before = b;
    for (let j = Math.min(least.length, shared + 1); j <= b.length; j++) {
      const meant = b[j - 1]!;
      let column = columns.get(meant);
      if (!column) columns.set(meant, column = columnOf(a, meant));
      rows[j] ??= new Uint16Array(a.length + 1);
      least[j] = fillRow(a, b, j, rows, gaps, column);
      if (least[j]! > limit && !mayBeSwapped(rows[j - 1]!, column, limit) && !mayBeSpelled(b, j, least, limit, begun, longest)) {
        dead = j;
        least.length = j + 1;
        return;
      }
    }
    least.length = b.length + 1;
    const cost = rows[b.length]![a.length]! + (word[0] === typed[0] ? 0 : FIRST_LETTER);
    if (cost <= limit) found.push([place, cost]);
  });
  return found;
}

function columnOf(a: string, meant: string): Column {
  const rules = Array.from(a, (letter, at) => {
    const some = RULES.get(letter + meant)?.filter(([typed]) => a.endsWith(typed, at + 1)) ?? [];
    return some.length ? some.map(([typed, other]): [number, string] => [at + 1 - typed.length, other]) : null;
  });
  return { change: Uint8Array.from(a, (letter) => (letter === meant ? 0 : PAIRS.has(letter + meant) ? SIMILAR : ERROR)), rules };
}

/** Sets row `j`: what the first i characters of `a` cost as the first `j` of `b`, for each i. Returns the least of it. */
function fillRow(a: string, b: string, j: number, rows: readonly Uint16Array[], gaps: Uint8Array, { change, rules }: Column): number {
  const [row, last] = [rows[j]!, rows[j - 1]!];
  const added = gap(b, j - 1);
  let least = row[0] = last[0]! + added;
  for (let i = 1; i <= a.length; i++) {
    let cost = Math.min(last[i - 1]! + change[i - 1]!, last[i]! + added, row[i - 1]! + gaps[i - 1]!);
    if (i > 1 && j > 1 && change[i - 1] && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, rows[j - 2]![i - 2]! + ERROR);
    const some = rules[i - 1];
    if (some) for (const [start, other] of some) {
      if (b.endsWith(other, j)) cost = Math.min(cost, rows[j - other.length]![start]! + SAME_SOUND);
    }
    row[i] = cost;
    if (cost < least) least = cost;
  }
  return least;
}

/** The cost of a letter that the other word lacks: little for a silent or doubled one. */
function gap(word: string, at: number): number {
  const letter = word[at]!;
  return SILENT.includes(letter) || (at > 0 && word[at - 1] === letter) ? SAME_SOUND : ERROR;
}

/** What meant spellings begin with whose typed spelling is in `a`, without the spellings themselves. */
function beginnings(a: string): Set<string> {
  const found = new Set<string>();
  for (const rules of RULES.values()) for (const [typed, meant] of rules) {
    if (a.includes(typed)) for (let length = 1; length < meant.length; length++) found.add(meant.slice(0, length));
  }
  return found;
}

/** Whether the next letter of the word may be swapped with its last one, for no more than `limit`. */
function mayBeSwapped(before: Uint16Array, { change }: Column, limit: number): boolean {
  return change.some((cost, i) => i > 0 && !cost && before[i - 1]! + ERROR <= limit);
}

/** Whether the first `j` characters of `b` may end in an unfinished spelling of a sound, for no more than `limit`. */
function mayBeSpelled(b: string, j: number, least: readonly number[], limit: number, begun: ReadonlySet<string>, longest: number): boolean {
  for (let back = 1; back <= longest && back <= j; back++) {
    if (least[j - back]! + SAME_SOUND <= limit && begun.has(b.slice(j - back, j))) return true;
  }
  return false;
}

/** How many first characters two texts share. */
function common(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let at = 0;
  while (at < most && a[at] === b[at]) at++;
  return at;
}
