/**
 * The first script of a portable site's page. Opened from the disk, it starts the application from scripts; on a host it does
 * nothing, and the page starts as every other site does.
 */
import type { Host } from "./host";

interface Policies {
  createPolicy(name: string, rules: { createScriptURL: (address: string) => string }): { createScriptURL: (address: string) => string };
}

const own = document.currentScript as HTMLScriptElement | null;
if (own && location.protocol === "file:") begin(own);

function begin({ src, dataset }: HTMLScriptElement): void {
  const folder = new URL("./", src).href;
  const createScriptURL = (address: string): string => {
    if (address.startsWith(folder) || address.startsWith("blob:")) return address;
    throw new TypeError(`${address} is not a script of this site.`);
  };
  const { trustedTypes } = window as { trustedTypes?: Policies };
  const policy = trustedTypes?.createPolicy("imagedb-portable", { createScriptURL }) ?? { createScriptURL };
  const trusted = (address: string): string => policy.createScriptURL(address);
  const run = (name: string): Promise<void> => new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const address = new URL(name.split("/").map(encodeURIComponent).join("/"), folder).href;
    script.src = trusted(address);
    script.addEventListener("load", () => { script.remove(); resolve(); });
    script.addEventListener("error", () => {
      script.remove();
      reject(new Error(`portable/${name} is missing or cannot be read. Copy the whole folder again.`));
    });
    document.head.append(script);
  });
  const ready = run(dataset["engine"]!);
  ready.catch(() => undefined);
  window.imagedbPortable = { run, trusted, ready, take: () => undefined } satisfies Host;
  // The page's first script explains a failure.
  run(dataset["page"]!).catch(() => undefined);
}
