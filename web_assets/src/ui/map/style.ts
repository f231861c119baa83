/** The styles of the map, which come with its script. */
import text from "./map.css?inline";

let sheet: CSSStyleSheet | null = null;

/** Lets the page use them. */
export function adopt(): void {
  if (sheet) return;
  sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}
