/** Checks addresses that come from a collection's data, which may be hostile. Pure. */

/** The address if it is a plain web link, else null. */
export function safeLink(text: string): string | null {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    return null;
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") return null;
  return url.username || url.password ? null : url.href;
}

/** A file of the site: relative, inside it. Null for anything that leads elsewhere. */
export function siteFile(path: string, base: string): string | null {
  if (!path || path.split("/").includes("..")) return null;
  const root = new URL("./", base);
  let url: URL;
  try {
    url = new URL(path.split("/").map(encodeURIComponent).join("/"), root);
  } catch {
    return null;
  }
  return url.origin === root.origin && url.pathname.startsWith(root.pathname) ? url.href : null;
}

/** The address of the original: a file of the site, or (linked originals) a web address. */
export function originalLink(original: string, base: string): string | null {
  return /^[a-z][a-z0-9+.-]*:/i.test(original) ? safeLink(original) : siteFile(original, base);
}

/** Formats that every browser decodes. */
const DECODED = /\.(jpe?g|png|webp|avif|gif)$/i;

/** Whether an original can be zoomed into: a file of the site that browsers decode. */
export function isDeep(original: string | null, base: string): original is string {
  return original !== null && original.startsWith(base) && DECODED.test(new URL(original).pathname);
}

/** The text of a link: its host and path, without “https://” and “www.”. */
export function shownLink(href: string): string {
  const url = new URL(href);
  let path = url.pathname === "/" ? "" : url.pathname;
  try {
    path = decodeURI(path);
  } catch {
    // Not percent-encoded UTF-8: shown as it is.
  }
  const text = url.host.replace(/^www\./, "") + path;
  return text.length > 56 ? `${text.slice(0, 40)}…${text.slice(-14)}` : text;
}
