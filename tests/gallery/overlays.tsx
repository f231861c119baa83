/** What lies over the page: the bar of the selection, the handle beside long lists, panels and dialogs. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import type { MapTopic } from "../../web_assets/src/engine/types";
import { useController } from "../../web_assets/src/ui/context";
import type { Controller } from "../../web_assets/src/ui/controller";
import { TopicTiles } from "../../web_assets/src/ui/map/topic-tiles";
import { Dialogs } from "../../web_assets/src/ui/parts/about";
import { Scrubber } from "../../web_assets/src/ui/results/scrubber";
import { SavedDialog } from "../../web_assets/src/ui/search/saved-dialog";
import { Saved } from "../../web_assets/src/ui/search/saved";
import { ViewOptions } from "../../web_assets/src/ui/search/view-options";
import { Bar } from "../../web_assets/src/ui/selection/selection";
import { browseList } from "../../web_assets/src/ui/state/list";
import type { DialogName } from "../../web_assets/src/ui/state/reducer";
import { Calendar } from "../../web_assets/src/ui/timeline/calendar";
import { datedOf, type Dated } from "../../web_assets/src/ui/timeline/dated";
import { FakeCollection } from "../web/fake-collection";
import { Frame } from "./frame";
import type { World } from "./world";

const nothing = (): void => undefined;

function chosen(count: number): World {
  return {
    then: ({ store }) => store.dispatch({ type: "select", selected: new Map(Array.from({ length: count }, (_, row) => [(row + 1).toString(16).padStart(16, "0"), row])) }),
  };
}

const shows = (dialog: DialogName): World => ({ then: ({ store }) => store.dispatch({ type: "dialog", dialog }) });

/** 400 results of the years from 2024 down. */
function dated(): Dated {
  const first = Math.floor(Date.UTC(2024, 6, 14) / 86_400_000);
  const days = Int32Array.from({ length: 80 }, (_, run) => first - 23 * run);
  return datedOf({ added: 0, days, precisions: new Uint8Array(days.length), counts: new Uint32Array(days.length).fill(5), undated: 0 })!;
}

function Handle(): JSX.Element {
  const [dates] = useState(dated);
  const list = browseList("#", dates.total);
  return (
    <Scrubber list={list} total={1_000_000} at={() => 0} show={nothing} covered={0} indexAt={() => 0} heightAt={(place) => place * 10} dated={dates} />
  );
}

/** The mouse is beside the list. */
const point = (stage: HTMLElement): void => {
  stage.querySelector(".scrubber")?.dispatchEvent(new PointerEvent("pointermove", { pointerType: "mouse", bubbles: true }));
};

/** The searches that are saved for this collection. */
function savedOf(controller: Controller, many: boolean): Saved {
  const saved = new Saved(controller.base);
  saved.store(many ? [{ name: "Hills in blue", link: "#q=hills&is.colour=blue" }, { name: "An evening ".repeat(10).trim(), link: "#is.tags=evening" }] : []);
  return saved;
}

function SavedSearches({ many }: { many: boolean }): JSX.Element {
  const controller = useController();
  const [saved] = useState(() => savedOf(controller, many));
  return <SavedDialog saved={saved} onClose={nothing} />;
}

class Mapped extends FakeCollection {
  override mapTopics(): Promise<MapTopic[]> {
    return Promise.resolve([["hills", "morning"], ["rivers", "boats"], ["harbour", "night"], ["snow", "pass"]].map((words, number) => (
      { name: words.join(", "), words, count: 900 - 200 * number, x: 0, y: 0, rows: [number], parent: null })));
  }
}

export function Overlays(): JSX.Element {
  return (
    <>
      <Frame name="Topics of the start page" class="wide-case" world={{ collection: (...all) => new Mapped(...all) }}><nav class="home-topics" aria-label="Topics"><TopicTiles /></nav></Frame>
      <Frame name="View options"><ViewOptions button={null} onClose={nothing} /></Frame>
      <Frame name="Selection: one result" height={110} class="wide-case" world={chosen(1)}><Bar /></Frame>
      <Frame name="Selection: many results" height={110} class="wide-case" world={chosen(1000)}><Bar /></Frame>
      <Frame name="Selection: more actions" height={400} class="wide-case" world={chosen(3)}
        then={(stage) => stage.querySelector<HTMLElement>("[aria-haspopup=menu]")?.click()}><Bar /></Frame>
      <Frame name="Place in a long list" class="clipped" height={360} then={point}><Handle /></Frame>
      <Frame name="Saved searches: none" class="wide-case"><SavedSearches many={false} /></Frame>
      <Frame name="Saved searches: some, and one to save" class="wide-case" world={{ view: "#q=river" }}><SavedSearches many /></Frame>
      <Frame name="Calendar" class="wide-case" then={(stage) => stage.querySelector<HTMLElement>(".calendar-months button:not(:disabled)")?.click()}>
        <Calendar dated={dated()} field="taken" onClose={nothing} />
      </Frame>
      <Frame name="Dialog: keyboard" class="wide-case" world={shows("keys")}><Dialogs /></Frame>
      <Frame name="Dialog: about" class="wide-case" world={shows("about")}><Dialogs /></Frame>
    </>
  );
}
