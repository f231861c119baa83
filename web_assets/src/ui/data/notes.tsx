/** What a person should know before rows are drawn: bytes that this needs, and links that were made for other rows. */
import type { JSX } from "preact";

import { useStore } from "../context";
import { nounOf } from "../layout";
import { InfoIcon } from "../parts/icons";
import { bytes } from "../wording";
import type { Address } from "./address";
import { useGo } from "./parts";

/** An image id. */
const ID_BYTES = 8;
/** Less is not worth a word. */
const NOTED_BYTES = 500_000;

/** Drawing needs the ids of all rows. */
export function IdsNote(): JSX.Element | null {
  const count = useStore((state) => state.manifest?.collection.count ?? 0);
  const noun = useStore((state) => nounOf(state.manifest));
  if (count * ID_BYTES < NOTED_BYTES) return null;
  return <p class="data-note">This loads the ids of all {noun}s once: about {bytes(count * ID_BYTES)}.</p>;
}

/** The link was made for another state of the collection. */
export function Older({ address: { kind, values, of } }: { address: Address }): JSX.Element | null {
  const { go } = useGo();
  const hash = useStore((state) => state.manifest?.collection.hash ?? "");
  const noun = useStore((state) => nounOf(state.manifest));
  if (of === null || hash.startsWith(of)) return null;
  return (
    <p class="message warn" role="alert">
      <InfoIcon />
      <span>
        This link was made for another state of the collection ({of}; it is {hash.slice(0, of.length)} now), so it shows other rows now.
        {kind === "batches" && ` No ${noun} that was there then has changed its part.`}
      </span>
      <button type="button" class="button small" onClick={() => go(kind, values, true)}>Use the current state</button>
    </p>
  );
}
