/** The title of the document: the open picture, else the search or page behind it. */
import { visible } from "../../base/visible";

const parts: { page: string | null; picture: string | null } = { page: null, picture: null };

/** Says what the page shows, or (null) that its picture is closed again. */
export function entitle(part: "page" | "picture", text: string | null): void {
  parts[part] = text;
  const { page, picture } = parts;
  // Until the collection is known, the title is the one in the file of the page.
  if (page !== null) document.title = visible(picture === null ? page : `${picture} – ${page}`);
}
