/** The page: header, hero, filters, results, detail. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect } from "preact/hooks";

import { visible } from "../base/visible";
import { AddButton } from "./additions/local";
import { ControllerContext, useController, useStore } from "./context";
import type { Controller } from "./controller";
import { DataPage } from "./data-page";
import { Filters } from "./filters/filters";
import { useFilters } from "./filters/open";
import { LateOverlays } from "./overlays-later";
import { Boundary } from "./parts/boundary";
import { DataLink } from "./parts/data-link";
import { Footer } from "./parts/footer";
import { useLate } from "./parts/hooks";
import { AlertIcon, InfoIcon, MoonIcon, SunIcon, SystemIcon } from "./parts/icons";
import { Reload, Retry } from "./parts/retry";
import { entitle } from "./parts/title";
import { Toasts } from "./parts/toasts";
import { ToTop } from "./parts/to-top";
import { DropTarget } from "./pictures/drop";
import { Home } from "./home/home";
import { Results } from "./results/results";
import { Tray } from "./pictures/tray";
import { Selection } from "./selection/later";
import { Messages } from "./search/messages";
import { SearchBar } from "./search/searchbar";
import { Chips, Toolbar } from "./search/toolbar";
import { isBrowsing } from "./state/view";
import { applyTheme, nextTheme } from "./theme";
import { hasPictures, nounOf } from "./layout";
import { counted, loadedPart, loading } from "./wording";

export function App({ controller }: { controller: Controller }): JSX.Element {
  return (
    <ControllerContext.Provider value={controller}>
      <Boundary><Shell /></Boundary>
    </ControllerContext.Provider>
  );
}

function Shell(): JSX.Element {
  const controller = useController();
  const phase = useStore((state) => state.phase);
  const filters = useFilters();
  const title = useStore((state) => state.manifest?.collection.title ?? null);
  const data = useStore((state) => state.view.data !== null);
  const text = useStore((state) => (state.view.data === null ? state.view.text.trim() : "Data"));
  useShortcuts(controller, filters.toggle);
  useEffect(() => {
    if (title) entitle("page", text ? `${text} – ${title}` : title);
  }, [title, text]);
  return (
    <>
      <a class="button solid skip" href="#main" onClick={(event) => {
        event.preventDefault();
        document.getElementById("main")?.focus();
        controller.results.focus();
      }}>Skip to the {data ? "content" : "results"}</a>
      <Header />
      <div class={`columns ${filters.open && !data ? "with-filters" : ""}`}>
        {!data && <Filters />}
        <main class="main" id="main" tabIndex={-1} aria-busy={phase === "opening"}>
          {phase === "opening" && <Opening />}
          {phase === "failed" && <Failed />}
          {phase === "ready" && (data ? <DataPage /> : (
            <>
              <Hero />
              <Tray onAdd={(file) => {
                controller.adding.show(true);
                void controller.adding.add([file]);
              }} />
              <Chips />
              <Toolbar />
              <Messages />
              <Results />
            </>
          ))}
        </main>
      </div>
      {phase === "ready" && <Footer />}
      <LateOverlays />
      <DropTarget />
      <Selection />
      <ToTop />
      <Updated />
      <Toasts />
    </>
  );
}

export function Header(): JSX.Element {
  const controller = useController();
  const title = useStore((state) => state.manifest?.collection.title ?? "");
  const theme = useStore((state) => state.theme);
  // A collection of texts alone is not one for pictures.
  const addable = useStore((state) => state.manifest !== null && (hasPictures(state.manifest) || state.manifest.model !== null || state.local.count > 0));
  const change = (): void => {
    const next = nextTheme(theme);
    applyTheme(next);
    controller.store.dispatch({ type: "theme", theme: next });
  };
  return (
    <header class="header">
      <a class="brand" href="#" aria-label={title ? undefined : "Start page"} onClick={(event) => { event.preventDefault(); controller.home(); scrollTo({ top: 0 }); }}>
        <Mark /><span>{title}</span>
      </a>
      <SearchBar />
      <div class="header-end">
        <DataLink class="button quiet header-data" />
        {addable && <AddButton />}
        <button type="button" class="icon-button" onClick={change} title={`Colours: ${theme}`} aria-label={`Colours: ${theme}. Change`}>
          {theme === "system" ? <SystemIcon /> : theme === "light" ? <SunIcon /> : <MoonIcon />}
        </button>
        <button type="button" class="icon-button" aria-label="About this collection" title="About"
          onClick={() => controller.store.dispatch({ type: "dialog", dialog: "about" })}><InfoIcon /></button>
      </div>
      <ProgressLine />
    </header>
  );
}

/** The owner's logo, which the page names, or the program's mark. */
function Mark(): JSX.Element {
  const { logo } = document.documentElement.dataset;
  if (logo) return <img class="logo" src={logo} alt="" width="32" height="32" />;
  return (
    <svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
      <rect x="2" y="3" width="9" height="12" rx="2.2" /><rect x="13" y="3" width="9" height="7" rx="2.2" />
      <rect x="2" y="17" width="9" height="4" rx="2" /><rect x="13" y="12" width="9" height="9" rx="2.2" />
    </svg>
  );
}

/** A hairline under the header while something loads. */
export function ProgressLine(): JSX.Element | null {
  const since = useStore((state) => state.loadingSince);
  const progress = useStore((state) => state.progress);
  const late = useLate(since, 300);
  if (!late) return null;
  const part = loadedPart(progress);
  return (
    <div class={`progress-line ${part === null ? "unknown" : ""}`} role="progressbar" aria-label={loading(progress) ?? "Loading"}
      {...(part === null ? {} : { "aria-valuenow": Math.round(part * 100), "aria-valuemin": 0, "aria-valuemax": 100 })}>
      <span style={{ transform: `scaleX(${String(part ?? 0.3)})` }} />
    </div>
  );
}

export function Opening(): JSX.Element {
  const since = useStore((state) => state.loadingSince);
  const progress = useStore((state) => state.progress);
  const late = useLate(since, 300);
  return (
    <div class="opening">
      <p role="status" class="faint">{late ? loading(progress) ?? "Opening the collection" : ""}</p>
      <div class="opening-grid" aria-hidden="true" />
    </div>
  );
}

export function Failed(): JSX.Element {
  const controller = useController();
  const failure = useStore((state) => state.failure);
  return (
    <div class="failed" role="alert">
      <AlertIcon />
      <h1>The collection could not be opened</h1>
      <p>{failure}</p>
      <Retry class="solid" onClick={() => controller.retry()} />
    </div>
  );
}

/** The site was published again: what this page still lacks may be gone. */
export function Updated(): JSX.Element | null {
  const updated = useStore((state) => state.updated);
  if (!updated) return null;
  return (
    <div class="updated-place" role="alert">
      <div class="updated"><span><strong>This site was updated.</strong> Reload to see the new version.</span><Reload class="solid" /></div>
    </div>
  );
}

/** The introduction on the start page: what the collection is, and example searches. */
function Hero(): JSX.Element | null {
  const controller = useController();
  const view = useStore((state) => state.view);
  const manifest = useStore((state) => state.manifest);
  if (!manifest) return null;
  const { collection, examples } = manifest;
  if (!isBrowsing(view) || view.layout === "map") return <h1 class="visually-hidden">{collection.title}</h1>;
  return (
    <section class="hero">
      <Cover title={collection.title} />
      <p class="hero-text">
        {collection.description || `${counted(collection.count, nounOf(manifest))}, searched in your browser.`}
      </p>
      {examples.length > 0 && (
        <div class="examples" role="group" aria-label="Examples">
          <span class="faint">Try</span>
          {examples.slice(0, 8).map((example) => (
            <button key={example} type="button" class="chip" onClick={() => controller.go({ ...view, text: example, image: null })}>
              {visible(example)}
            </button>
          ))}
        </div>
      )}
      <Home />
    </section>
  );
}

/** The title, on the owner's cover if there is one, which the page names. Nothing moves when it arrives, and the pictures come first. */
function Cover({ title }: { title: string }): JSX.Element {
  const { cover } = document.documentElement.dataset;
  if (!cover) return <h1>{title}</h1>;
  return <div class="cover"><img src={cover} alt="" fetchpriority="low" decoding="async" /><h1>{title}</h1></div>;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable);
}

function useShortcuts(controller: Controller, toggleFilters: () => void): void {
  useLayoutEffect(() => {
    const key = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector("dialog[open]")) return;
      if (event.key === "/") {
        event.preventDefault();
        const input = document.querySelector<HTMLInputElement>("#search");
        input?.focus();
        input?.select();
      } else if (event.key === "?") {
        event.preventDefault();
        controller.store.dispatch({ type: "dialog", dialog: "keys" });
      } else if (event.key === "f") {
        toggleFilters();
      }
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, [controller, toggleFilters]);
}
