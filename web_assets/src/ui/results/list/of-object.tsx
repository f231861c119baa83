/** Which page of its object a result is, after its title. */
import type { JSX } from "preact";

import { useStore } from "../../context";
import { foldsPages } from "../../state/list";
import { pageOfObject } from "../../wording";
import type { Result } from "../../../engine/types";

export function OfObject({ result }: { result: Result }): JSX.Element | null {
  const folded = useStore((state) => foldsPages(state.view, state.manifest));
  return result.page ? <span class="of-object"> · {pageOfObject(result.page, folded)}</span> : null;
}
