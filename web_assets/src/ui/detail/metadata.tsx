/** All metadata of a picture, in groups. Values are text; only plain web addresses become links. */
import type { ComponentChildren, JSX } from "preact";

import { visible } from "../../base/visible";
import { useController, useStore } from "../context";
import { ExternalIcon } from "../parts/icons";
import { safeLink, shownLink } from "../links";
import { HOME, toggleValue } from "../state/view";
import { count, plain, shownValue } from "../wording";
import { fileName, sheetOf, type Line } from "./fields";
import { cutPieces } from "./marks";
import type { FieldDefinition, Highlight, ImageDocument } from "../../engine/types";

interface Props {
  document: ImageDocument;
  highlights: Highlight[];
}

export function Metadata({ document, highlights }: Props): JSX.Element {
  const fields = useStore((state) => state.manifest?.fields ?? null);
  const sheet = sheetOf(document, fields ?? []);
  const markedParts = (field: string, parts: string[], separator: string): ComponentChildren[] => {
    const found = highlights.find((highlight) => highlight.field === field);
    const cut = found && cutPieces(found.pieces, parts, separator);
    return cut ? cut.map((pieces) => pieces.map((piece, i) => (i % 2 ? <mark key={i}>{visible(piece, true)}</mark> : visible(piece, true)))) : parts.map((part) => visible(part, true));
  };
  const marked = (field: string, text: string): ComponentChildren => markedParts(field, [text], "")[0];
  const file = fileName(document.path);
  return (
    <>
      {sheet.texts.map(({ field, value }) => (
        <section key={field.name} class="meta-text">
          <h3>{field.label}</h3>
          {(Array.isArray(value) ? markedParts(field.name, value, ", ") : markedParts(field.name, String(value).split("\n"), "\n"))
            .map((text, i) => <p key={i}>{text}</p>)}
        </section>
      ))}
      {sheet.tags.map((line) => <Tags key={line.field.name} line={line} highlights={highlights} />)}
      {sheet.credit.length > 0 && <Lines name="Credit and licence" lines={sheet.credit} marked={marked} class="credit" />}
      {sheet.groups.map(({ name, lines }) => <Lines key={name} name={name} lines={lines} marked={marked} />)}
      <section class="meta-group">
        <h3>File</h3>
        <dl>
          <div><dt>Name</dt><dd title={visible(document.path)}>{visible(file)}</dd></div>
          {document.path !== file && <div><dt>Folder</dt><dd>{visible(document.path.slice(0, -file.length - 1))}</dd></div>}
          {document.width > 0 && <div><dt>Size</dt><dd>{count(document.width)} × {count(document.height)} pixels</dd></div>}
          <div><dt>Image id</dt><dd><code>{document.id}</code></dd></div>
        </dl>
      </section>
    </>
  );
}

interface LinesProps {
  name: string;
  lines: Line[];
  marked: (field: string, text: string) => ComponentChildren;
  class?: string;
}

function Lines({ name, lines, marked, class: extra }: LinesProps): JSX.Element {
  return (
    <section class={`meta-group ${extra ?? ""}`}>
      <h3>{name}</h3>
      <dl>
        {lines.map(({ field, value }) => (
          <div key={field.name}>
            <dt>{field.label}</dt>
            <dd>{Array.isArray(value)
              ? value.map((one, i) => <span key={i} class="value">{visible(one)}</span>)
              : <Value field={field} text={plain(value, field)} raw={typeof value === "string" ? value : null} marked={marked} />}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

interface ValueProps {
  field: FieldDefinition;
  text: string;
  raw: string | null;
  marked: LinesProps["marked"];
}

function Value({ field, text, raw, marked }: ValueProps): JSX.Element {
  const href = raw ? safeLink(raw) : null;
  if (href) {
    return (
      <a href={href} target="_blank" rel="noopener noreferrer nofollow" class="outward" title={href}>
        {visible(shownLink(href))}<ExternalIcon />
      </a>
    );
  }
  if (field.facet && raw !== null && (field.type === "category")) return <FilterLink field={field} value={raw}>{marked(field.name, text)}</FilterLink>;
  return <>{marked(field.name, text)}</>;
}

/** A value that leads to all pictures that share it. */
function FilterLink({ field, value, children }: { field: FieldDefinition; value: string; children: ComponentChildren }): JSX.Element {
  const controller = useController();
  return (
    <button type="button" class="value-link" title={`Show all with ${field.label}: ${visible(value)}`}
      onClick={() => controller.go(toggleValue(HOME, field.name, value))}>
      {children}
    </button>
  );
}

function Tags({ line, highlights }: { line: Line; highlights: Highlight[] }): JSX.Element {
  const controller = useController();
  const { field, value } = line;
  const hit = new Set(highlights.filter((highlight) => highlight.field === field.name)
    .flatMap((highlight) => highlight.pieces.filter((_, i) => i % 2 === 1).map((piece) => piece.toLowerCase())));
  const tags = Array.isArray(value) ? value : [String(value)];
  return (
    <section class="meta-text">
      <h3>{field.label}</h3>
      <ul class="tags">
        {tags.map((tag) => {
          const matched = [...hit].some((word) => tag.toLowerCase().includes(word));
          return (
            <li key={tag}>
              {field.facet && field.column
                ? (
                  <button type="button" class={`chip ${matched ? "matched" : ""}`} title={`Show all with ${shownValue(tag, field)}`}
                    onClick={() => controller.go(toggleValue(HOME, field.name, tag))}>
                    {shownValue(tag, field)}
                  </button>
                )
                : <span class={`chip ${matched ? "matched" : ""}`}>{shownValue(tag, field)}</span>}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
