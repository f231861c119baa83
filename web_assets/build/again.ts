/**
 * Vite plugin: a script that could not be fetched is fetched again by the next `import()` of it.
 *
 * Browsers remember a failed `import()` for as long as the page is open, so a "Retry" would never help. A query makes it
 * another address. Hosts ignore it, and the service worker knows the file by its path.
 */
import type { Plugin } from "vite";

const IMPORT = /\bimport\((["'`])(\.{1,2}\/[^"'`?]+\.js)\1\)/g;

/** The code of a script with such imports. */
export function importAgain(code: string): string {
  return code.replace(IMPORT, (_match, _quote, path: string) =>
    `((a,p)=>import(p+(a[p]?"?again="+a[p]:"")).catch(e=>{a[p]=(a[p]||0)+1;throw e}))(globalThis.imagedbAgain??={},"${path}")`);
}

export function againPlugin(): Plugin {
  return {
    name: "imagedb:again",
    apply: "build",
    // Before the names are made, which depend on the code.
    renderChunk(code, chunk) {
      return chunk.dynamicImports.length ? { code: importAgain(code), map: null } : null;
    },
  };
}
