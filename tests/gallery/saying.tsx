/** Messages, failures, and what is shown while something opens. */
import type { JSX } from "preact";

import type { Answer, Notice } from "../../web_assets/src/engine/types";
import { Failed, Opening } from "../../web_assets/src/ui/app";
import { Messages } from "../../web_assets/src/ui/search/messages";
import { Toast } from "../../web_assets/src/ui/parts/toast";
import { Footer } from "../../web_assets/src/ui/parts/footer";
import { FakeCollection } from "../web/fake-collection";
import { Frame } from "./frame";
import type { World } from "./world";

const noticed = (notice: Notice): World => ({
  view: "#q=hills",
  collection: (...all) => new (class extends FakeCollection {
    override async search(request: Parameters<FakeCollection["search"]>[0]): Promise<Answer> {
      return { ...await super.search(request), notices: [notice] };
    }
  })(...all),
});

export function Saying(): JSX.Element {
  return (
    <>
      <Frame name="Message: offline" world={{ then: ({ store }) => store.dispatch({ type: "offline", offline: true }) }}><Messages /></Frame>
      <Frame name="Message: hint" world={noticed({ kind: "unknown-text", message: "The model does not know this text, so it is searched for in the words alone." })}><Messages /></Frame>
      <Frame name="Message: mistake in the query" world={{ view: "#q=%22two+hills&mode=words" }}><Messages /></Frame>
      <Frame name="Message: a part is missing" world={noticed({ kind: "info", message: "The words could not be loaded, so that only meaning was searched.", retry: true })}><Messages /></Frame>
      <Frame name="Message: the search failed" world={{
        then: async (controller, collection) => {
          collection.failures.set("search", new Error("A file of the index could not be loaded (status 503)."));
          controller.go({ ...controller.store.get().view, text: "harbour" });
          await Promise.resolve();
        },
      }}><Messages /></Frame>
      <Frame name="Message: did you mean" world={{ view: "#q=dgo&mode=words" }}><Messages /></Frame>
      <Frame name="Nothing found: words" class="wide-case" world={{ view: "#q=lighthouse&mode=words" }}><Messages /></Frame>
      <Frame name="Nothing found: filters" class="wide-case" world={{ view: "#q=lighthouse&mode=words&is.colour=blue&is.tags=evening" }}><Messages /></Frame>
      <Frame name="The collection is being opened" class="wide-case" world={{
        open: "never", then: ({ store }) => store.dispatch({ type: "progress", progress: { step: "manifest", loaded: 0, total: 0, done: false }, now: -1000 }),
      }}><Opening /></Frame>
      <Frame name="The collection could not be opened" class="wide-case" world={{ open: "fails" }}><Failed /></Frame>
      <Frame name="Toast: plain" height={110}><div class="toast-place"><Toast message={{ text: "Link copied", undo: null }} /></div></Frame>
      <Frame name="Toast: with a way back" height={110}><div class="toast-place"><Toast message={{ text: "Removed “Hills in the morning”", undo: () => undefined }} /></div></Frame>
      <Frame name="Toast: long" height={150}><div class="toast-place"><Toast message={{ text: "A search can have at most 12 pictures. The others were left out, and the search goes on without them.", undo: null }} /></div></Frame>
      <Frame name="Footer" class="wide-case"><Footer /></Frame>
    </>
  );
}
