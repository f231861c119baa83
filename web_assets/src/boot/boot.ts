/**
 * The page's first script: it explains in words why the application does not start, and lets it try again with fresh
 * files. It stands in the page itself, as one ES5 script, because it must run when nothing else does.
 */
import { missing } from "./browser";
import { inspect, listedFiles, replaceCopies, type Finding } from "./program";
import { show } from "./show";
import * as texts from "./texts";
import type { Boot, Message, ProgramFile } from "./types";

/** How long (ms) after `load` the application may take to start. */
const GRACE = 1500;

const page = document;
const root = page.documentElement;
/** Whether a portable site was opened from the disk, where neither modules nor `fetch` work. */
const fromDisk = location.protocol === "file:" && root.getAttribute("data-portable") !== null;
const files = listedFiles(page);
let refused = false;
let running = false;
let policy = false;

function explain(message: Message, retry = tryAgain): void {
  if (running) return;
  refused = true;
  show(page, message, retry);
}

/** The path inside the site; null for an address elsewhere, such as an extension's. */
function pathOf(url: string): string | null {
  const base = page.baseURI.replace(/[?#].*$/, "").replace(/[^/]*$/, "");
  return url.indexOf(base) === 0 ? url.slice(base.length).replace(/[?#].*$/, "") : null;
}

/** An element that loads a file of the program reports that it failed, without a reason: find the reason. */
function failed(url: string): void {
  if (running || refused) return;
  // Set before the answer is here: the application must not start half.
  refused = true;
  const path = pathOf(url);
  const file = files.filter((listed) => listed.path === path)[0];
  if (fromDisk) return explain(texts.fromDisk(path === null ? url : path), reload);
  if (window.origin === "null") return explain(texts.inSandbox(location.href));
  if (!file) return explain(texts.blocked(path === null ? url : path, policy));
  inspect(file, "default").then((finding) => {
    if (!finding.fault) explain(texts.blocked(file.path, policy));
    else report(finding, false);
  });
}

/**
 * Some hosts give the page at the folder's address without its last slash, where relative addresses lead to the folder
 * above. Goes to the address with the slash if the file is there.
 */
function addSlash(finding: Finding): Promise<boolean> {
  const { pathname, search, hash } = location;
  if (/(\/|\.html?)$/.test(pathname)) return Promise.resolve(false);
  return fetch(`${pathname}/${finding.file.path}`, { method: "HEAD" }).then((response) => {
    if (response.status !== 200) return false;
    location.replace(`${pathname}/${search}${hash}`);
    return true;
  }).then(null, () => false);
}

function report(finding: Finding, again: boolean): void {
  addSlash(finding).then((leaves) => { if (!leaves) reportHere(finding, again); });
}

/** A missing file may belong to an earlier build: look at the page as it is now. */
function reportHere(finding: Finding, again: boolean): void {
  if (finding.fault !== "missing") return explain(texts.faulty(finding, again));
  wasUpdated(finding.file).then((yes) => { explain(yes ? texts.updated() : texts.faulty(finding, again), yes ? reload : tryAgain); });
}

function wasUpdated(file: ProgramFile): Promise<boolean> {
  return fetchPage().then((copy) => copy.text()).then((text) => text.indexOf("imagedb-program") > 0 && text.indexOf(file.path) < 0)
    .then(null, () => false);
}

function fetchPage(): Promise<Response> {
  return fetch(location.pathname, { cache: "reload" });
}

function reload(): void {
  location.reload();
}

/** Files that a cache may have kept damaged, and that nothing else checks. */
function scripts(): ProgramFile[] {
  return files.filter((file) => /\.(js|css)$/.test(file.path));
}

function firstFault(findings: Finding[]): Finding | undefined {
  return findings.filter((finding) => finding.fault)[0];
}

function inspectAll(cache: RequestCache): Promise<Finding[]> {
  return Promise.all(scripts().map((file) => inspect(file, cache)));
}

/** Puts the fresh files into the caches that hold other copies of them. */
function renew(findings: Finding[]): Promise<unknown> {
  const jobs = findings.map(({ file, copy }) => (copy ? replaceCopies(new URL(file.path, page.baseURI).href, copy) : undefined));
  return Promise.all(jobs);
}

function tryAgain(): void {
  inspectAll("reload").then((findings) => {
    const fault = firstFault(findings);
    if (fault) return report(fault, true);
    // The page itself may be the damaged copy.
    return Promise.all([renew(findings), fetchPage().then((copy) => {
      if (copy.status === 200) return replaceCopies(new URL("index.html", page.baseURI).href, copy);
      return undefined;
    })]).then(reload, reload);
  }).then(null, reload);
}

const boot: Boot = {
  mayStart() {
    const links = page.querySelectorAll<HTMLLinkElement>('link[rel="stylesheet"]');
    for (let i = 0; i < links.length; i++) if (!links[i]!.sheet) failed(links[i]!.href);
    return !refused;
  },
  started() {
    running = true;
  },
  check: () => inspectAll("default").then((findings) => {
    const fault = firstFault(findings);
    return fault ? texts.sentence(fault) : "";
  }),
  repair: () => inspectAll("reload").then((findings) => {
    const fault = firstFault(findings);
    return fault ? texts.sentence(fault) : renew(findings).then(() => "");
  }),
};
(window as unknown as { imagedbBoot: Boot }).imagedbBoot = boot;

function watch(): void {
  window.addEventListener("error", (event) => {
    if (running) return;
    const target = event.target as (HTMLScriptElement & HTMLLinkElement) | Window | null;
    if (target && target !== window && "tagName" in target) {
      const needed = /^(SCRIPT|LINK)$/.test(target.tagName) && target.rel !== "icon";
      // The scripts of `portable/` stand in for the modules, which no browser loads from the disk.
      if (needed && !(fromDisk && (target.type === "module" || target.rel === "modulepreload"))) failed(target.src || target.href);
      return;
    }
    const path = pathOf(event.filename || "");
    if (path !== null && !refused) explain(texts.stopped(event.message || "An unknown error.", path));
  }, true);
  page.addEventListener("securitypolicyviolation", (event) => {
    if (/^script/.test(event.effectiveDirective || "")) policy = true;
  });
  page.addEventListener("DOMContentLoaded", () => {
    if (!page.getElementById("imagedb-end")) explain(texts.cutPage());
  });
  window.addEventListener("load", () => {
    const script = page.querySelector<HTMLScriptElement>(fromDisk ? "script[src][defer]" : "script[src]");
    setTimeout(() => {
      if (!running && !refused) failed(script ? script.src : "");
    }, GRACE);
  });
}

try {
  const theme = localStorage.getItem("imagedb-theme");
  if (theme === "light" || theme === "dark") root.setAttribute("data-theme", theme);
} catch {
  // Storage is refused: the colours are those of the system.
}

const lacking = missing(window);
if (location.protocol === "file:" && !fromDisk) {
  const folder = decodeURIComponent(location.pathname).replace(/[^/]*$/, "").replace(/\/$/, "").replace(/^\/([A-Za-z]:)/, "$1");
  explain(texts.fromFile(folder || "."));
} else if (lacking) {
  explain(texts.oldBrowser(lacking));
} else {
  watch();
}
