/** The search box and what stands between it and the results. */
import type { JSX } from "preact";

import type { Suggestion } from "../../web_assets/src/engine/types";
import { Header, ProgressLine, Updated } from "../../web_assets/src/ui/app";
import { LayoutSwitch } from "../../web_assets/src/ui/results/results";
import { Modes } from "../../web_assets/src/ui/search/modes";
import { SearchBar } from "../../web_assets/src/ui/search/searchbar";
import { Chips, Toolbar } from "../../web_assets/src/ui/search/toolbar";
import { Tray } from "../../web_assets/src/ui/pictures/tray";
import { FakeCollection } from "../web/fake-collection";
import { Frame } from "./frame";
import { images, never, pictureFile, type World } from "./world";

class Suggesting extends FakeCollection {
  override suggest(text: string): Promise<Suggestion[]> {
    return Promise.resolve([
      { kind: "word", text: `${text}s `, shown: `${text}s`, count: 41 }, { kind: "word", text: `${text}side `, shown: `${text}side`, count: 3 },
      { kind: "value", text: `tag:${text}`, shown: text, count: 6, field: "Tags" },
    ]);
  }
}

class Slow extends FakeCollection {
  override search(): Promise<never> {
    return never();
  }
}

const loading = (part: number): World => ({
  then: ({ store }) => {
    store.dispatch({ type: "progress", progress: { step: "model", loaded: part * 24_000_000, total: part ? 24_000_000 : 0, done: false }, now: -1000 });
  },
});
const own = (...files: File[]): World => ({ then: (controller) => controller.searchBy(files) });

export function Searching(): JSX.Element {
  return (
    <>
      <Frame name="Search box: empty"><SearchBar /></Frame>
      <Frame name="Search box: text" world={{ view: "#q=two+hills" }}><SearchBar /></Frame>
      <Frame name="Search box: text and pictures" world={{ view: "#q=hills&like=0000000000000001,-0000000000000002" }}><SearchBar /></Frame>
      <Frame name="Search box: suggestions" height={330} world={{ view: "#q=hill", collection: (...all) => new Suggesting(...all) }}
        then={(stage) => stage.querySelector<HTMLElement>("#search")?.click()}><SearchBar /></Frame>
      <Frame name="Pictures in the search: ready" class="wide-case" world={own(pictureFile("hills at noon.png", "fine"))}><Tray onAdd={() => undefined} /></Frame>
      <Frame name="Pictures in the search: being analysed" class="wide-case" world={own(pictureFile("river.png", "slow"))}><Tray /></Frame>
      <Frame name="Pictures in the search: failed" class="wide-case" world={own(pictureFile("harbour.png", "bad"))}><Tray /></Frame>
      <Frame name="Pictures in the search: refused" class="wide-case" world={own(new File(["a letter"], "letter.txt"))}><Tray /></Frame>
      <Frame name="Header" class="wide-case"><Header /></Frame>
      <Frame name="Progress: a known part" height={24} world={loading(0.4)}><ProgressLine /></Frame>
      <Frame name="Progress: an unknown part" height={24} world={loading(0)}><ProgressLine /></Frame>
      <Frame name="Search modes: all"><Modes /></Frame>
      <Frame name="Search modes: words" world={{ view: "#q=hill&mode=words" }}><Modes /></Frame>
      <Frame name="Layouts: grid"><LayoutSwitch always /></Frame>
      <Frame name="Layouts: list" world={{ view: "#view=list" }}><LayoutSwitch always /></Frame>
      <Frame name="Line above the results: browsing" class="wide-case"><Toolbar /></Frame>
      <Frame name="Line above the results: found" class="wide-case" world={{ view: "#q=hills&is.colour=blue" }}><Toolbar /></Frame>
      <Frame name="Line above the results: searching" class="wide-case" world={{ view: "#q=hills", collection: (...all) => new Slow(...all) }}><Toolbar /></Frame>
      <Frame name="Line above the results: better matches" class="wide-case" world={{
        view: "#q=hills", then: ({ store }) => {
          const { list } = store.get();
          store.dispatch({ type: "searching", key: list!.key, now: 0 });
          const found = images(2);
          store.dispatch({
            type: "responded", key: list!.key, hold: true, infos: found.map(({ document, ...rest }, row) => ({ row, ...document, ...rest })),
            response: { results: [{ row: 1, score: 1 }, { row: 0, score: 0.5 }], total: 2, stage: "final", notices: [], elapsedMs: 1 },
          });
        },
      }}><Toolbar /></Frame>
      <Frame name="Filters in force" class="wide-case" world={{ view: `#is.colour=blue&not.tags=evening&in.year=1890..1910&is.tags=${"a-very-long-value-".repeat(8)}` }}><Chips /></Frame>
      <Frame name="The site was updated" height={110} class="wide-case" world={{ then: ({ store }) => store.dispatch({ type: "updated" }) }}><Updated /></Frame>
    </>
  );
}
