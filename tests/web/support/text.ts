/** Full text of a site in a folder. */
import { SiteTerms, TermsText } from "../../../web_assets/src/catalog";
import type { FileEntry, Manifest } from "../../../web_assets/src/format";
import { decoded, json } from "./files";

export function openText(folder: string): TermsText {
  const { catalog } = json<Manifest>(folder, "manifest.json");
  const load = ({ path }: FileEntry) => Promise.resolve(decoded(folder, path));
  return new TermsText(new SiteTerms(catalog, load, (entries) => Promise.all(entries.map(load))), catalog.columns);
}
