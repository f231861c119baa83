/** The list under the search box, following the ARIA pattern "combobox": the focus stays in the box. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { visible } from "../../base/visible";
import { ClockIcon, SearchIcon, StarIcon, TagIcon } from "../parts/icons";
import type { Option } from "./options";
import type { Suggestions } from "./use-suggestions";

export const LISTBOX = "suggestions";

export function optionId(index: number): string {
  return `suggestion-${String(index)}`;
}

const KINDS: Record<Option["kind"], () => JSX.Element> = { saved: StarIcon, recent: ClockIcon, word: SearchIcon, value: TagIcon, example: SearchIcon };

interface Props {
  typed: string;
  suggestions: Suggestions;
  onTake: (option: Option) => void;
  onForget: () => void;
}

export function Listbox({ typed, suggestions, onTake, onForget }: Props): JSX.Element {
  const { options, active, setActive } = suggestions;
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    if (active >= 0) list.current?.children[active]?.scrollIntoView({ block: "nearest" });
  }, [active]);
  return (
    <div class="suggestions panel" onMouseDown={(event) => event.preventDefault()}>
      <ul ref={list} id={LISTBOX} role="listbox" aria-label="Suggestions">
        {options.map((option, index) => {
          const Kind = KINDS[option.kind];
          return (
            <li key={`${option.kind} ${option.link ? option.shown : option.text}`} id={optionId(index)} role="option" aria-selected={index === active}
              class={index === active ? "active" : ""} onPointerMove={() => { if (index !== active) setActive(index); }}
              onClick={() => onTake(option)}>
              <Kind />
              <span class="suggestion-text"><Completed typed={typed} text={visible(option.shown)} /></span>
              {option.kind === "recent" && <span class="visually-hidden">, recent search</span>}
              {option.hint && <span class="suggestion-hint">{visible(option.hint)}</span>}
            </li>
          );
        })}
      </ul>
      {options.some(({ kind }) => kind === "recent") && (
        <p class="suggestions-foot">
          <span>Stored on this device only</span>
          <button type="button" class="text-button" aria-label="Clear recent searches and pictures" onClick={onForget}>Clear</button>
        </p>
      )}
    </div>
  );
}

/** An option with the part that is not typed yet emphasised. */
function Completed({ typed, text }: { typed: string; text: string }): JSX.Element {
  const start = typed.trimStart();
  return start && text.toLowerCase().startsWith(start.toLowerCase())
    ? <>{text.slice(0, start.length)}<strong>{text.slice(start.length)}</strong></>
    : <>{text}</>;
}
