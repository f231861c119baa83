/** The saved searches: to open, to remove, and to add the current one. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { visible } from "../../base/visible";
import { useController, useStore } from "../context";
import { nounOf } from "../layout";
import { AlertIcon, CheckIcon, StarIcon, TrashIcon } from "../parts/icons";
import { Modal } from "../parts/modal";
import { opener } from "../parts/opening";
import { adopt } from "../parts/sheet";
import { formatView, isBrowsing, parseView } from "../state/view";
import { describe } from "./describe";
import { LONGEST_NAME, type Saved, type SavedSearch } from "./saved";
import { remove, restore, save } from "./saved-change";
import sheet from "./saved.css?inline";

/** How much of a search its first name has. */
const NAME_CHARACTERS = 60;

export function SavedDialog({ saved, onClose }: { saved: Saved; onClose: () => void }): JSX.Element {
  adopt(sheet);
  const controller = useController();
  const view = useStore((state) => state.view);
  const manifest = useStore((state) => state.manifest);
  const [list, setList] = useState(() => saved.list());
  const [failure, setFailure] = useState<string | null>(null);
  const place = useRef<HTMLDivElement>(null);
  const link = formatView({ ...view, text: view.text.trim(), image: null });
  const known = list.find((search) => search.link === link);
  const changed = (fault: string | null): boolean => {
    setFailure(fault);
    setList(saved.list());
    return fault === null;
  };
  const take = (search: SavedSearch): void => {
    onClose();
    controller.go(parseView("", search.link));
    scrollTo({ top: 0 });
  };
  const drop = (search: SavedSearch, at: number): void => {
    if (!changed(remove(saved, search))) return;
    controller.say(`Removed “${visible(search.name)}”`, () => changed(restore(saved, search, at)));
    // The button that had the focus is gone.
    place.current?.focus();
  };
  const words = ({ link }: SavedSearch): string => describe(parseView("", link), manifest?.fields ?? [], nounOf(manifest));
  return (
    <Modal label="Saved searches" class="saved" heading onClose={onClose}>
      <div ref={place} class="saved-body" tabIndex={-1}>
        {known ? <p class="message calm"><CheckIcon /><span>This search is saved as “{visible(known.name)}”.</span></p>
          : view.data === null && !isBrowsing(view) && manifest && (
            <NewSearch key={link} start={describe(view, manifest.fields, nounOf(manifest)).slice(0, NAME_CHARACTERS)} onSave={(name) => changed(save(saved, { name, link }))} />
          )}
        <div role="alert">{failure && <p class="message bad"><AlertIcon /><span>{failure}</span></p>}</div>
        {list.length > 0 ? (
          <ul class="saved-list" aria-label="Saved searches">
            {list.map((search, at) => (
              <li key={search.name}>
                <a href={search.link} onClick={opener(() => take(search))} {...(search === known ? { "aria-current": "true" } : {})}>
                  <bdi>{visible(search.name)}</bdi>
                  {words(search) !== search.name && <span class="faint"><bdi>{words(search)}</bdi></span>}
                </a>
                <button type="button" class="icon-button" aria-label={`Remove ${visible(search.name)}`} title="Remove" onClick={() => drop(search, at)}><TrashIcon /></button>
              </li>
            ))}
          </ul>
        ) : <p class="faint">{isBrowsing(view) ? "No search is saved yet. Search or filter first; then save the search here." : "No search is saved yet."}</p>}
        <p class="faint saved-foot">Stored on this device only. Nothing is sent anywhere.</p>
      </div>
    </Modal>
  );
}

/** The current search and its name. */
function NewSearch({ start, onSave }: { start: string; onSave: (name: string) => boolean }): JSX.Element {
  const [name, setName] = useState(start);
  const input = useRef<HTMLInputElement>(null);
  // After the dialog is open, which gives the focus to its first button.
  useEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
  const send = (event: Event): void => {
    event.preventDefault();
    if (!onSave(name)) input.current?.focus();
  };
  return (
    <form class="saved-new" action="#" noValidate onSubmit={send}>
      <label><span>Name</span><input ref={input} value={name} maxLength={LONGEST_NAME} autocomplete="off" onInput={(event) => setName(event.currentTarget.value)} /></label>
      <button type="submit" class="button solid"><StarIcon />Save this search</button>
    </form>
  );
}
