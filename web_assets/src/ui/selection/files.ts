/** The files of chosen pictures: the original if the site has it, else the view, else the thumbnail. */
import type { Controller } from "../controller";
import { siteFile } from "../links";
import { loadPicture } from "../picture-file";
import type { RowInfo } from "../../engine/types";
import { linkOf } from "./credits";
import type { Wanted } from "./pack";
import type { ChosenDocument } from "./rows";

type Source = NonNullable<RowInfo["thumbnail"]>;

/** @throws LoadError if what is known of the rows cannot be loaded */
export async function wantedOf(controller: Controller, found: readonly ChosenDocument[]): Promise<Wanted[]> {
  const { collection, base } = controller;
  if (!collection) return [];
  const rows = await Promise.all(found.map(async ({ id }) => await controller.infoOf(id)));
  return found.map(({ id, document, local }, i) => ({
    document, link: local ? "" : linkOf(id, base),
    picture: local ? { path: document.path, load: () => controller.adding.original(id) } : pictureOf(controller, document, rows[i]?.thumbnail ?? null),
  }));
}

/** The largest picture that the site has; null if it has none. */
export function pictureOf({ base, views, thumbnails }: Pick<Controller, "base" | "views" | "thumbnails">, { original, view }: ChosenDocument["document"], thumbnail: Source | null): Wanted["picture"] {
  // A page from the disk can read neither originals nor views.
  for (const path of views.plain ? [] : [original, view?.path]) {
    const url = path && !/^[a-z][a-z0-9+.-]*:/i.test(path) ? siteFile(path, base) : null;
    if (path && url) return { path, load: (signal) => loadPicture(url, { fetch: (...args) => fetch(...args), signal }) };
  }
  return thumbnail && { path: "thumbnail.webp", load: (signal) => thumbnails.file(thumbnail, signal) };
}
