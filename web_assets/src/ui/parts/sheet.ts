/** Style sheets that come with a script which is loaded later. */

const adopted = new Set<string>();

/** Lets the page use a style sheet; nothing happens if it already does. */
export function adopt(text: string): void {
  if (adopted.has(text)) return;
  adopted.add(text);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}
