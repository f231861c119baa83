/** The Data page: what the collection holds, samples, pages and batches of it, and files to download. Loaded when it is opened. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo } from "preact/hooks";

import { useController, useStore } from "../context";
import { nounOf } from "../layout";
import { adopt } from "../parts/sheet";
import { searchKey } from "../state/view";
import { counted } from "../wording";
import { parseAddress, type Kind } from "./address";
import { Batches } from "./batches";
import { Overview } from "./overview";
import { Pages } from "./pages";
import { GoLink } from "./parts";
import { Sample } from "./sample";
import sheet from "./stats.css?inline";
import { Tags } from "./tags";

const KINDS: [Kind, string][] = [["overview", "Overview"], ["sample", "Sample"], ["page", "Pages"], ["batches", "Batches"], ["tag", "Tags"]];

export function Data(): JSX.Element | null {
  adopt(sheet);
  const controller = useController();
  const manifest = useStore((state) => state.manifest);
  const text = useStore((state) => state.view.data ?? "");
  const address = useMemo(() => parseAddress(text), [text]);
  const { kind } = address;
  const list = useStore((state) => state.list !== null);
  // Lists restore their place themselves, as soon as they are there.
  useLayoutEffect(() => {
    const before = kind === "overview" ? controller.takeRestored(searchKey(controller.store.get().view)) : null;
    scrollTo({ top: before?.shift ?? 0, behavior: "instant" });
  }, [kind]);
  useEffect(() => {
    if (list) return;
    return controller.attach({
      place: () => ({ key: searchKey(controller.store.get().view), anchor: { index: 0, shift: scrollY } }),
      scrolled: () => scrollY, focused: () => false, focus: () => undefined,
    });
  }, [list, controller]);
  if (!manifest) return null;
  const tagged = manifest.fields.some(({ type, column }) => type === "tags" && column);
  return (
    <div class="data">
      <h1>Data</h1>
      <p class="data-title">{manifest.collection.title} · {counted(manifest.collection.count, nounOf(manifest))}</p>
      <nav class="data-kinds" aria-label="Data">
        {KINDS.filter(([one]) => one !== "tag" || tagged).map(([one, name]) => (
          <GoLink key={one} kind={one} current={one === kind}>{name}</GoLink>
        ))}
      </nav>
      {kind === "overview" ? <Overview manifest={manifest} /> : kind === "sample" ? <Sample address={address} /> : kind === "page" ? <Pages address={address} />
        : kind === "batches" ? <Batches address={address} /> : <Tags address={address} />}
    </div>
  );
}
