/** All rows, page by page, in the order of their numbers. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";

import { useStore } from "../context";
import { count as written } from "../wording";
import { isFault, MOST, pageOf, type Address } from "./address";
import { Older } from "./notes";
import { Form, Steps, useGo, Wrong } from "./parts";
import { Rows } from "./rows";

const ENTRIES = [{ key: "size", label: "Rows per page", hint: `1 to ${String(MOST)}` }] as const;

export function Pages({ address }: { address: Address }): JSX.Element {
  const { go } = useGo();
  const { values } = address;
  const count = useStore((state) => state.manifest?.collection.count ?? 0);
  const asked = pageOf(values, count);
  const check = (typed: Address["values"]) => {
    const checked = pageOf({ ...typed, number: "1" }, count);
    return isFault(checked) && checked.key === "size" ? checked : null;
  };
  const [first, size] = isFault(asked) ? [0, 0] : [(asked.number - 1) * asked.size, asked.size];
  const rows = useMemo(() => Array.from({ length: Math.max(0, Math.min(size, count - first)) }, (_, i) => first + i), [first, size, count]);
  return (
    <>
      <p class="data-lead">All rows in the order of their numbers. A row keeps its number when others are added.</p>
      <Form label="Pages" entries={ENTRIES} values={values} fault={isFault(asked) && asked.key === "size" ? asked : null} action="Show" check={check}
        onSend={({ size }) => go("page", { size })} />
      <Older address={address} />
      {isFault(asked) ? asked.key !== "size" && <Wrong fault={asked} onFix={(number) => go("page", { ...values, number }, true)} /> : (
        <>
          <div class="data-where">
            <Steps what="page" value={asked.number} first={1} last={asked.pages} onGo={(number) => go("page", { ...values, number: String(number) })} />
            <p class="faint">Rows {written(first + 1)} to {written(first + rows.length)} of {written(count)}</p>
          </div>
          <Rows rows={rows} name={`page ${String(asked.number)} of ${String(asked.pages)}`} kind="page" values={values} />
        </>
      )}
    </>
  );
}
