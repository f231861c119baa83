/**
 * The only addresses from which the page runs scripts in workers. The page's policy asks for Trusted Types, so the
 * browser refuses any address that did not pass here (builder/imagedb_site/site/policy.py names the policy).
 */
import workerUrl from "../worker/main.ts?worker&url";

interface Policies {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): unknown };
}

const WORKER = new URL(workerUrl, import.meta.url).href;
/** At the root of the site, beside the page. */
const SERVICE_WORKER = new URL("sw.js", globalThis.location.href.replace(/[?#].*$/, "")).href;

function checked(url: string): string {
  if (url !== WORKER && url !== SERVICE_WORKER) throw new TypeError("Not a script of this page.");
  return url;
}

const policies = (globalThis as { trustedTypes?: Policies }).trustedTypes;
const policy = policies?.createPolicy("imagedb", { createScriptURL: checked });
/** The browser's own type of such addresses is not known to every TypeScript, so it is called a string. */
const trusted = (url: string): string => (policy ? policy.createScriptURL(url) as string : checked(url));

export const workerScript = (): string => trusted(WORKER);
export const serviceWorkerScript = (): string => trusted(SERVICE_WORKER);
