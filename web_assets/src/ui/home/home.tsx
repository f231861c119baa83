/** The sections of the start page, in the owner's order (docs/FORMAT.md 2.20). Each has its height from the first moment on. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";

import { own } from "../../base/own";
import { useStore } from "../context";
import { HomeTopics } from "../map/home-topics";
import { useAfterPictures } from "../parts/after-pictures";
import { Later, useLater } from "../parts/later";
import { Retry } from "../parts/retry";
import { sectionsOf } from "./check";

const strip = new Later(() => import("./strip"), "Strip");
const SECTIONS: Record<string, () => JSX.Element | null> = { topics: HomeTopics, sample: () => <Pictures kind="sample" />, recent: () => <Pictures kind="recent" /> };

export function Home(): JSX.Element {
  const manifest = useStore((state) => state.manifest);
  const sections = useMemo(() => sectionsOf(manifest), [manifest]);
  return (
    <>
      {sections.map((name) => {
        const Section = own(SECTIONS, name);
        return Section && <Section key={name} />;
      })}
    </>
  );
}

/** A line of pictures. A picture in a pack would load many others with it, so there is none then. */
function Pictures({ kind }: { kind: "sample" | "recent" }): JSX.Element | null {
  const any = useStore(({ manifest }) => manifest?.thumbnails.extension === "webp" && Boolean(manifest.home?.[kind].length));
  return any ? <section class="home-strip" aria-label={kind === "sample" ? "A sample" : "Newest"}><Waiting kind={kind} /></section> : null;
}

function Waiting({ kind }: { kind: "sample" | "recent" }): JSX.Element | null {
  return useAfterPictures() ? <Late kind={kind} /> : null;
}

function Late({ kind }: { kind: "sample" | "recent" }): JSX.Element | null {
  const { module, failure, retry } = useLater(strip);
  if (failure !== null) return <p role="alert">{failure} <Retry class="small" onClick={retry} /></p>;
  return module && <module.Strip kind={kind} />;
}
