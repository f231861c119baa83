/** Batches for training, validation and test, which their definition determines. */
import type { JSX } from "preact";

import { definitionId, type Definition } from "../../base/definition";
import { useController, useStore } from "../context";
import { nounOf } from "../layout";
import { count, counted } from "../wording";
import { batchesOf, batchOf, isFault, SPLITS, splitOf, type Address, type Split } from "./address";
import { IdsNote, Older } from "./notes";
import { Form, GoLink, Steps, useGo, Waiting, Wrong } from "./parts";
import { Rows } from "./rows";
import { useMade } from "./use-made";

const ENTRIES = [
  { key: "size", label: "Rows per batch", hint: "1 to 1000" },
  { key: "validation", label: "Validation %", hint: "0 to 100" },
  { key: "test", label: "Test %", hint: "0 to 100" },
  { key: "seed", label: "Seed", hint: "Decides parts and order" },
] as const;
const NAMES: Record<Split, string> = { train: "Training", validation: "Validation", test: "Test" };

export function Batches({ address }: { address: Address }): JSX.Element {
  const { go } = useGo();
  const { values } = address;
  const definition = batchesOf(values);
  const check = (typed: Address["values"]) => {
    const checked = batchesOf({ ...typed, id: "" });
    return isFault(checked) ? checked : null;
  };
  const wrong = isFault(definition) ? definition : null;
  return (
    <>
      <p class="data-lead">
        Each row is in one part, which depends on the row and the seed alone: rows that are added later move no other. The definition is all that is
        needed to make the same batches again.
      </p>
      <Form label="Batches" entries={ENTRIES} values={values} fault={wrong?.key === "id" ? null : wrong} action="Make batches" check={check}
        onSend={({ size, validation, test, seed }) => go("batches", { size, validation, test, seed })} />
      {wrong?.key === "id" && <Wrong fault={wrong} />}
      <Older address={address} />
      <IdsNote />
      {!isFault(definition) && <Made address={address} definition={definition} />}
    </>
  );
}

function Made({ address: { values }, definition }: { address: Address; definition: Definition }): JSX.Element {
  const { go } = useGo();
  const noun = useStore((state) => nounOf(state.manifest));
  const hash = useStore((state) => state.manifest?.collection.hash ?? "");
  const asked = splitOf(values);
  const part: Split = isFault(asked) ? "train" : asked.part;
  // The number of batches is known with the first one only.
  const wanted = /^[0-9]{1,9}$/.test(values.n) ? Number(values.n) : 0;
  const id = definitionId(definition, hash);
  const made = useMade(`batch ${id} ${part} ${String(wanted)}`, (collection) => collection.batch(definition, part, wanted));
  if (made.state !== "ready") return <Waiting made={made} doing="Making the batches" />;
  const { images, rows } = made.value;
  const batches = images.map((number) => Math.ceil(number / definition.size));
  const own = batches[SPLITS.indexOf(part)]!;
  const number = batchOf(values, part, own);
  const ways = { ...values, size: String(definition.size), validation: String(definition.validation), test: String(definition.test), seed: String(definition.seed), part };
  const show = (n: string | number, replace = false): void => go("batches", { ...ways, n: String(n) }, replace);
  return (
    <>
      <ul class="data-splits" aria-label="Parts">
        {SPLITS.map((one, i) => (
          <li key={one}>
            <GoLink kind="batches" values={{ ...ways, part: one, n: "0" }} current={!isFault(asked) && one === part}>
              <strong>{NAMES[one]}</strong>
              <span>{counted(images[i]!, noun)}</span>
              <span class="faint">{count(batches[i]!)} {batches[i] === 1 ? "batch" : "batches"}</span>
            </GoLink>
          </li>
        ))}
      </ul>
      {isFault(asked) ? <Wrong fault={asked} onFix={(part) => go("batches", { ...ways, part, n: "0" }, true)} />
        : isFault(number) ? <Wrong fault={number} onFix={(n) => show(n, true)} /> : (
          <>
            <Elsewhere id={id} part={part} n={number.n} />
            <div class="data-where"><Steps what="batch" value={number.n} first={0} last={own - 1} onGo={show} /></div>
            <Rows rows={rows} name={`${part} batch ${String(number.n)} ${id}`} kind="batches" values={{ ...ways, n: String(number.n) }} />
          </>
        )}
    </>
  );
}

/** How other programs get the same batch. */
function Elsewhere({ id, part, n }: { id: string; part: Split; n: number }): JSX.Element {
  const { base } = useController();
  return (
    <details class="data-elsewhere">
      <summary>The same batch in other programs</summary>
      <dl>
        <dt>Id of the definition</dt><dd><code>{id}</code></dd>
        <dt>Command line</dt><dd><code>imagedb-site data batch {base} {id} {part} {n}</code></dd>
        <dt>Python</dt><dd><code>imagedb_site.open("{base}").batches_of("{id}").batch("{part}", {n})</code></dd>
        <dt>JavaScript</dt><dd><code>(await collection.batchesOf("{id}")).batch("{part}", {n})</code></dd>
        <dt>HTTP API</dt><dd><code>{base}api/batches/{id}/{part}/{n}</code></dd>
      </dl>
    </details>
  );
}
