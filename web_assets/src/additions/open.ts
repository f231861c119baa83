/** Lets pictures be added to an open collection on this device. */
import type { Engine } from "../engine/index";
import { Additions } from "./additions";
import { OverlaidResources } from "./overlaid";
import type { AdditionsHost } from "./types";

/** The additions of the engine's site. The engine searches them beside the published rows from the first search on. */
export function openAdditions(engine: Engine, host: AdditionsHost): Additions {
  const { site, address } = engine;
  const additions = new Additions({
    site, address, host,
    onOverlay: (overlay) => { engine.lay(overlay ? new OverlaidResources(site, overlay) : site); },
  });
  engine.waitFor(additions.loaded);
  return additions;
}
