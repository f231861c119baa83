/** The search box. Pictures chosen by “more like this” are shown inside it. */
import type { JSX, TargetedEvent, TargetedKeyboardEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { useController, useStore } from "../context";
import { nounOf } from "../layout";
import { CloseIcon, SearchIcon, StarIcon } from "../parts/icons";
import { Chooser } from "../pictures/chooser";
import { Eager } from "./eager";
import { Listbox, LISTBOX, optionId } from "./listbox";
import type { Option } from "./options";
import { preparing } from "./prepare";
import { Recent } from "./recent";
import { Saved } from "./saved";
import { SavedSearches } from "./saved-later";
import { useSuggestions } from "./use-suggestions";
import { useThumbnail } from "../parts/use-thumbnail";
import { parseView } from "../state/view";
import type { RowInfo } from "../../engine/types";

/** A quick typist presses the next key within this many milliseconds; until then no pictures are fetched. */
const BETWEEN_KEYS = 100;

export function SearchBar(): JSX.Element {
  const controller = useController();
  const view = useStore((state) => state.view);
  const label = useStore((state) => (nounOf(state.manifest) === "picture" ? "Search pictures" : "Search records"));
  const [text, setText] = useState(view.text);
  const input = useRef<HTMLInputElement>(null);
  const [recent] = useState(() => new Recent(controller.base));
  const [saved] = useState(() => new Saved(controller.base));
  const [managing, setManaging] = useState(false);
  const suggestions = useSuggestions(text, recent, saved);
  const [eager] = useState(() => new Eager({
    begin: (text) => controller.begin(text),
    lastTook: () => controller.store.get().list?.elapsedMs ?? null,
  }));
  const [prepare] = useState(() => preparing(controller));
  /** Whether the page itself gives the box the focus, which says nothing about a search. */
  const focusing = useRef(false);
  /** Whether typing has made a history entry, which is replaced until the person has finished typing. */
  const typing = useRef(false);
  const asked = useRef(view.text);
  /** Whether the text was typed and is not searched for yet. */
  const edited = useRef(false);

  useEffect(() => {
    if (view.text === asked.current) return;
    // The view was changed from outside the box: by a link, a chip, back or forward.
    asked.current = view.text;
    typing.current = false;
    edited.current = false;
    setText(view.text);
  }, [view.text]);

  useEffect(() => {
    const desk = matchMedia("(hover: hover) and (pointer: fine)").matches;
    focusing.current = true;
    if (desk && !controller.store.get().view.image) input.current?.focus({ preventScroll: true });
    focusing.current = false;
    return () => eager.stop();
  }, []);

  const search = (value: string, done: boolean): void => {
    eager.stop();
    edited.current = false;
    if (done) recent.add(value);
    const now = controller.store.get().view;
    if (value.trim() !== now.text.trim()) {
      asked.current = value.trim();
      controller.go({ ...now, text: asked.current, image: null }, { replace: typing.current });
      typing.current = true;
    }
    if (done) typing.current = false;
  };
  const change = (event: TargetedEvent<HTMLInputElement>): void => {
    const { value } = event.currentTarget;
    edited.current = true;
    prepare();
    setText(value);
    suggestions.show();
    controller.thumbnails.pauseFetches(BETWEEN_KEYS);
    eager.typed(value, () => search(value, false));
  };
  /** A word may be followed by another; anything else is searched for as it is. */
  const take = (option: Option): void => {
    suggestions.close();
    if (option.link !== undefined) {
      eager.stop();
      edited.current = false;
      controller.go(parseView("", option.link));
      return;
    }
    setText(option.text);
    search(option.text, option.kind !== "word");
    input.current?.focus();
  };
  const leave = (): void => {
    // The box may lose the focus to a picture that a link opens. What it shows then is the search before.
    if (edited.current) search(text, true);
    else recent.add(asked.current);
    typing.current = false;
  };
  const forget = (): void => {
    recent.clear();
    suggestions.close();
    void controller.pictures.forget();
    controller.say("Recent searches and pictures cleared");
    input.current?.focus();
  };
  const clear = (): void => {
    suggestions.close();
    setText("");
    search("", true);
    input.current?.focus();
  };
  const key = (event: TargetedKeyboardEvent<HTMLInputElement>): void => {
    const { open, active, options } = suggestions;
    if (event.key === "ArrowDown" && (open || event.altKey)) {
      event.preventDefault();
      if (open) suggestions.step(1);
      else suggestions.show();
    } else if (event.key === "ArrowUp" && open) {
      event.preventDefault();
      if (event.altKey) suggestions.close();
      else suggestions.step(-1);
    } else if (event.key === "Enter" && open && options[active]) {
      event.preventDefault();
      take(options[active]);
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (open) suggestions.close();
      else if (text) clear();
      else input.current?.blur();
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      search(text, true);
      controller.results.focus();
    } else if (event.key === "Backspace" && !text && view.like.length) {
      controller.go({ ...view, like: view.like.slice(0, -1) });
    }
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    suggestions.close();
    controller.thumbnails.pauseFetches(0);
    search(text, true);
    if (controller.store.get().searchFailure) controller.retry();
    // On a phone this hides the keyboard, so that the results are visible.
    if (matchMedia("(pointer: coarse)").matches) input.current?.blur();
  };
  return (
    <>
      <form class="searchbar" role="search" action="#" onSubmit={submit}
        onFocusOut={(event) => { if (!(event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget))) suggestions.close(); }}>
        <span class="searchbar-icon"><SearchIcon /></span>
        {view.like.map((id) => <LikeChip key={id} id={id} />)}
        <input ref={input} id="search" type="search" name="q" value={text} autocomplete="off" autocapitalize="off"
          spellcheck={false} enterkeyhint="search" aria-label={label} aria-keyshortcuts="/"
          role="combobox" list={undefined} aria-autocomplete="list" aria-expanded={suggestions.open} aria-controls={LISTBOX}
          {...(suggestions.active >= 0 ? { "aria-activedescendant": optionId(suggestions.active) } : {})}
          onFocus={() => { if (!focusing.current) prepare(); }}
          onClick={() => {
            prepare();
            suggestions.show();
          }}
          placeholder={view.like.length || view.pictures.length ? "Add words" : label}
          onInput={change} onKeyDown={key} onBlur={leave} />
        {text
          ? <button type="button" class="icon-button" aria-label="Clear search" onClick={clear}><CloseIcon /></button>
          : <kbd class="searchbar-key" aria-hidden="true">/</kbd>}
        <button type="button" class="icon-button" aria-label="Saved searches" title="Saved searches" aria-haspopup="dialog" onClick={() => setManaging(true)}><StarIcon /></button>
        <Chooser />
        {suggestions.open && <Listbox typed={text} suggestions={suggestions} onTake={take} onForget={forget} />}
      </form>
      {managing && <SavedSearches saved={saved} onClose={() => setManaging(false)} />}
    </>
  );
}

function LikeChip({ id }: { id: string }): JSX.Element {
  const controller = useController();
  const ready = useStore((state) => state.phase === "ready");
  const [info, setInfo] = useState<RowInfo | null>(null);
  const unlike = id.startsWith("-");
  useEffect(() => {
    let current = true;
    void controller.infoOf(id.replace("-", "")).then((found) => { if (current) setInfo(found); }, () => undefined);
    return () => { current = false; };
  }, [id, ready]);
  const { url } = useThumbnail(info?.thumbnail ?? null);
  const remove = (): void => {
    const { view } = controller.store.get();
    controller.go({ ...view, like: view.like.filter((other) => other !== id) });
  };
  return (
    <span class={`like-chip ${unlike ? "unlike" : ""}`} title={unlike ? "Unlike this picture" : "Like this picture"}>
      {url ? <img src={url} alt="" /> : <span class="like-blank" />}
      <button type="button" aria-label="Search without this picture" onClick={remove}><CloseIcon /></button>
    </span>
  );
}
