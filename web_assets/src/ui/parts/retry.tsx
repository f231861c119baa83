/** The button beside a message about something that could not be loaded. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { useController, useStore } from "../context";
import { RetryIcon } from "./icons";

interface Props {
  onClick: () => void;
  /** Further classes of the button. */
  class?: string;
}

/** Offers to try again, or to load the page again if only that can help. */
export function Retry({ onClick, class: more = "" }: Props): JSX.Element {
  const { updated, again } = useRetry(onClick);
  return updated ? <Reload class={more} /> : (
    <button type="button" class={`button ${more}`} onClick={again}><RetryIcon />Retry</button>
  );
}

/** Loads the page again. The address keeps the search. */
export function Reload({ class: more = "" }: { class?: string }): JSX.Element {
  return <button type="button" class={`button ${more}`} onClick={() => location.reload()}><RetryIcon />Reload</button>;
}

/** On a tile. If the site was updated, a message on the page offers to load it again. */
export function TileRetry({ label, onClick }: { label: string; onClick: () => void }): JSX.Element | null {
  const { updated, again } = useRetry(onClick);
  const away = useAway(onClick);
  if (updated) return null;
  if (away) return <span class="tile-away">Not on this device</span>;
  return (
    <div class="tile-again">
      <button type="button" class="tile-retry" onClick={again} aria-label={`Retry ${label}`}>
        <RetryIcon /><span>Retry</span>
      </button>
    </div>
  );
}

/** Whether there is no network to try again with. Tries by itself when it is back. */
export function useAway(retry: () => void): boolean {
  const offline = useStore((state) => state.offline);
  const was = useRef(offline);
  useEffect(() => {
    if (was.current && !offline) retry();
    was.current = offline;
  }, [offline]);
  return offline;
}

/** Whoever offers to try again first asks whether an update of the site is the reason. */
function useRetry(onClick: () => void): { updated: boolean; again: () => void } {
  const { updates } = useController();
  const updated = useStore((state) => state.updated);
  useEffect(() => { void updates.suspect(); }, []);
  const again = (): void => {
    void updates.suspect();
    onClick();
  };
  return { updated, again };
}
