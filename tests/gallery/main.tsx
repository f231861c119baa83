/** The gallery: every state of every component on one page, for tests and for people who change how the interface looks. */
import "../../web_assets/src/ui/styles/main.css";
import "./gallery.css";

import { render, type JSX } from "preact";

import { Buttons } from "./buttons";
import { Filtering } from "./filtering";
import { work } from "./frame";
import { Overlays } from "./overlays";
import { Results } from "./results";
import { Saying } from "./saying";
import { Searching } from "./searching";

/** Lists draw what is near the screen. Here everything is. */
Object.defineProperty(window, "innerHeight", { get: () => 100_000 });
/** Dialogs are parts of the page, so that all of them can be seen. */
HTMLDialogElement.prototype.showModal = function show(this: HTMLDialogElement): void { this.show(); };
localStorage.clear();

/** How long (ms) names and blurs may take, which are loaded after everything else. */
const SETTLE_MS = 1500;
const pause = (time: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, time));

function Gallery(): JSX.Element {
  return (
    <main class="gallery">
      <h1>Gallery of states</h1>
      <div class="showcases"><Buttons /><Searching /><Saying /><Results /><Filtering /><Overlays /></div>
    </main>
  );
}

render(<Gallery />, document.getElementById("gallery")!);
await pause(50);
while (work.open) await pause(20);
await pause(SETTLE_MS);
for (const act of work.later) {
  act();
  await pause(100);
}
await pause(300);
document.documentElement.dataset["gallery"] = "ready";
