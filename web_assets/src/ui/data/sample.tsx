/** A seeded random sample. */
import type { JSX } from "preact";

import { useStore } from "../context";
import { isFault, MOST, sampleOf, type Address } from "./address";
import { IdsNote, Older } from "./notes";
import { Form, useGo, Waiting } from "./parts";
import { Rows } from "./rows";
import { useMade } from "./use-made";

const ENTRIES = [
  { key: "size", label: "Number", hint: `1 to ${String(MOST)}` },
  { key: "seed", label: "Seed", hint: "The same seed, the same sample" },
] as const;

export function Sample({ address }: { address: Address }): JSX.Element {
  const { go } = useGo();
  const { values } = address;
  const asked = sampleOf(values);
  const wrong = isFault(asked) ? asked : null;
  const made = useMade(isFault(asked) ? null : `sample ${String(asked.size)} ${String(asked.seed)}`, (collection) =>
    isFault(asked) ? Promise.resolve([]) : collection.sample(asked.size, asked.seed));
  const count = useStore((state) => state.manifest?.collection.count ?? 0);
  const check = (typed: Address["values"]) => {
    const checked = sampleOf(typed);
    return isFault(checked) ? checked : null;
  };
  const again = (): void => {
    const seed = String(crypto.getRandomValues(new Uint32Array(1))[0]);
    go("sample", { size: wrong?.key === "size" ? "24" : values.size, seed });
  };
  return (
    <>
      <p class="data-lead">Rows chosen by chance, in an order that depends on the seed alone.</p>
      <Form label="Sample" entries={ENTRIES} values={values} fault={wrong} action="Show" check={check} onSend={({ size, seed }) => go("sample", { size, seed })}>
        <button type="button" class="button" onClick={again}>New sample</button>
      </Form>
      <Older address={address} />
      <IdsNote />
      {!wrong && <Waiting made={made} doing="Drawing the sample" />}
      {!wrong && made.state === "ready" && (
        <Rows rows={made.value} name={`sample ${String(Math.min(count, Number(values.size)))} seed ${values.seed}`} kind="sample" values={{ size: values.size, seed: values.seed }} />
      )}
    </>
  );
}
