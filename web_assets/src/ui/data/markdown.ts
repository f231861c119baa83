/** The part of Markdown that model cards are written in, as blocks of plain text. Pure; a card may come from anybody. */

export type Block =
  | { kind: "heading"; level: number; text: string }
  | { kind: "text"; text: string }
  | { kind: "list"; items: string[] }
  | { kind: "table"; head: string[]; rows: string[][] }
  | { kind: "code"; text: string };

/** A piece of a line. */
export interface Piece {
  kind: "plain" | "strong" | "code" | "link";
  text: string;
  /** Of a link; not checked. */
  url?: string;
}

/** Longer cards are cut. */
const LONGEST = 200_000;

function cells(line: string): string[] {
  return line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
}

export function blocksOf(text: string): Block[] {
  const lines = text.slice(0, LONGEST).replace(/\r\n?/g, "\n").split("\n");
  const blocks: Block[] = [];
  let paragraph: string[] = [];
  const end = (): void => {
    if (paragraph.length) blocks.push({ kind: "text", text: paragraph.join(" ") });
    paragraph = [];
  };
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    const heading = /^(#{1,6}) +(.*?)[ #]*$/.exec(line);
    if (line.startsWith("```")) {
      end();
      const from = ++at;
      while (at < lines.length && !lines[at]!.startsWith("```")) at++;
      blocks.push({ kind: "code", text: lines.slice(from, at).join("\n") });
    } else if (heading) {
      end();
      blocks.push({ kind: "heading", level: heading[1]!.length, text: heading[2]! });
    } else if (line.trimStart().startsWith("|") && /^[\s|:-]*-[\s|:-]*$/.test(lines[at + 1] ?? "")) {
      end();
      const head = cells(line);
      const rows: string[][] = [];
      for (at += 2; lines[at]?.trimStart().startsWith("|"); at++) rows.push(head.map((_, i) => cells(lines[at]!)[i] ?? ""));
      at--;
      blocks.push({ kind: "table", head, rows });
    } else if (/^[-*+] /.test(line)) {
      end();
      const items = [line.slice(2).trim()];
      for (; at + 1 < lines.length && /^([-*+] | +\S)/.test(lines[at + 1]!); at++) {
        const next = lines[at + 1]!;
        if (next.startsWith(" ")) items.push(`${items.pop()!} ${next.trim()}`);
        else items.push(next.slice(2).trim());
      }
      blocks.push({ kind: "list", items });
    } else if (line.trim()) paragraph.push(line.trim());
    else end();
  }
  end();
  return blocks;
}

/** Bold words, code and links of a text. What is not closed stays as it is written. */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let last = 0;
  for (const match of text.matchAll(/\*\*([^*]{1,500})\*\*|`([^`]{1,500})`|\[([^[\]]{1,500})\]\(([^()\s]{1,500})\)/g)) {
    if (match.index > last) pieces.push({ kind: "plain", text: text.slice(last, match.index) });
    const [whole, strong, code, link, url] = match;
    if (strong !== undefined) pieces.push({ kind: "strong", text: strong });
    else if (code !== undefined) pieces.push({ kind: "code", text: code });
    else pieces.push({ kind: "link", text: link!, url: url! });
    last = match.index + whole.length;
  }
  if (last < text.length) pieces.push({ kind: "plain", text: text.slice(last) });
  return pieces;
}
