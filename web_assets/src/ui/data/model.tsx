/** The model that searches by meaning, and its card: what it knows, and how good it was measured to be. */
import type { JSX } from "preact";

import { visible } from "../../base/visible";
import type { Manifest } from "../../engine/types";
import { safeLink } from "../links";
import { Waiting } from "./parts";
import { blocksOf, piecesOf, type Block } from "./markdown";
import { useMade } from "./use-made";

export function Model({ model }: { model: NonNullable<Manifest["model"]> }): JSX.Element {
  const made = useMade("model card", (collection) => collection.modelCard());
  const card = made.state === "ready" ? made.value : null;
  const blocks = blocksOf(card?.text ?? "");
  // The title repeats the name, and the introduction is shown above the card.
  const rest = blocks[0]?.kind === "heading" && blocks[0].level === 1 ? blocks.slice(1) : blocks;
  const lead = rest[0]?.kind === "text" ? rest[0] : null;
  return (
    <div class="data-model">
      <dl class="facts">
        <div><dt>Name</dt><dd>{visible(model.name)} <span class="faint"><code>{visible(model.id)}</code></span></dd></div>
        <div><dt>In short</dt><dd class="data-model-short">{card ? visible(card.description) : "…"}</dd></div>
        <div><dt>Licence</dt><dd>{visible(model.licence.id)}{model.licence.note && `. ${visible(model.licence.note)}`}</dd></div>
        <div><dt>Dimensions</dt><dd>{model.dim}</dd></div>
      </dl>
      {/* The space is there before the card, so that nothing moves. */}
      <div class="data-card-lead">{lead && <p><Pieces text={lead.text} /></p>}<Waiting made={made} doing="Loading the card of the model" /></div>
      <details class="data-card">
        <summary>Model card: what it knows, how good it is, and where it comes from</summary>
        <div class="data-card-text">{(lead ? rest.slice(1) : rest).map((block, i) => <CardBlock key={i} block={block} />)}</div>
      </details>
    </div>
  );
}

function CardBlock({ block }: { block: Block }): JSX.Element {
  switch (block.kind) {
    case "heading": return block.level > 2 ? <h4><Pieces text={block.text} /></h4> : <h3><Pieces text={block.text} /></h3>;
    case "list": return <ul>{block.items.map((item, i) => <li key={i}><Pieces text={item} /></li>)}</ul>;
    case "code": return <pre tabIndex={0}><code>{visible(block.text)}</code></pre>;
    case "table": return (
      <div class="data-table" role="region" aria-label={visible(block.head.filter(Boolean).join(", ").slice(0, 80)) || "Table"} tabIndex={0}>
        <table>
          <thead><tr>{block.head.map((cell, i) => <th key={i} scope="col"><Pieces text={cell} /></th>)}</tr></thead>
          <tbody>{block.rows.map((row, i) => <tr key={i}>{row.map((cell, j) => <td key={j}><Pieces text={cell} /></td>)}</tr>)}</tbody>
        </table>
      </div>
    );
    default: return <p><Pieces text={block.text} /></p>;
  }
}

function Pieces({ text }: { text: string }): JSX.Element {
  return (
    <>
      {piecesOf(text).map(({ kind, text, url }, i) => {
        const shown = visible(text);
        if (kind === "strong") return <strong key={i}>{shown}</strong>;
        if (kind === "code") return <code key={i}>{shown}</code>;
        const href = url === undefined ? null : safeLink(url);
        return href ? <a key={i} href={href} target="_blank" rel="noopener noreferrer">{shown}</a> : shown;
      })}
    </>
  );
}
