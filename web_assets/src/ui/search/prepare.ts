/** What a first search needs is loaded once somebody is about to search, unless bytes cost them something. */
import { connectionOf, isMetered } from "../connection";
import type { Controller } from "../controller";

/** A function to call whenever the search box is used; the first time it begins to load. */
export function preparing(controller: Pick<Controller, "collection">): () => void {
  let begun = false;
  return () => {
    const { collection } = controller;
    if (begun || !collection || isMetered(connectionOf(navigator))) return;
    begun = true;
    // A search that needs what could not be loaded says so.
    collection.prepare().catch(() => { begun = false; });
  };
}
