/** Looking up a tag: in which fields it is, and how many rows have it. */
import type { JSX } from "preact";

import { useController, useStore } from "../context";
import { nounOf } from "../layout";
import { opener } from "../parts/opening";
import { formatView, HOME } from "../state/view";
import { counted, shownValue } from "../wording";
import type { Address } from "./address";
import { Form, useGo, Waiting } from "./parts";
import { useMade } from "./use-made";

const ENTRIES = [{ key: "name", label: "Tag", wide: true }] as const;

export function Tags({ address: { values } }: { address: Address }): JSX.Element {
  const { go } = useGo();
  const name = values.name;
  const made = useMade(name ? `tag ${name}` : null, (collection) => collection.tag(name));
  return (
    <>
      <p class="data-lead">Case, accents, <code>_</code> and <code>-</code> do not matter.</p>
      <Form label="Look up a tag" entries={ENTRIES} values={values} fault={null} action="Look up"
        check={({ name }) => (name.trim() ? null : { key: "name", fault: "Write the name of a tag." })} onSend={({ name }) => go("tag", { name: name.trim() })} />
      {name && <Waiting made={made} doing="Loading the tags" />}
      {name && made.state === "ready" && <Found name={name} tags={made.value} />}
    </>
  );
}

function Found({ name, tags }: { name: string; tags: { id: number; name: string; category: string; count: number }[] }): JSX.Element {
  const controller = useController();
  const fields = useStore((state) => state.manifest?.fields);
  const noun = useStore((state) => nounOf(state.manifest));
  if (!tags.length) return <p class="data-none" role="status">No tag is called “{name}”.</p>;
  return (
    <ul class="data-tags" aria-label="Tags">
      {tags.map((tag) => {
        const field = fields?.find((other) => other.name === tag.category);
        const view = { ...HOME, filters: [{ field: tag.category, kind: "any" as const, values: [tag.name] }] };
        return (
          <li key={tag.id}>
            <a href={formatView(view)} onClick={opener(() => controller.go(view))}><bdi>{shownValue(tag.name, field)}</bdi></a>
            <span>{field?.label ?? tag.category}</span>
            <span>{counted(tag.count, noun)}</span>
            <span class="faint">Number {tag.id}</span>
          </li>
        );
      })}
    </ul>
  );
}
