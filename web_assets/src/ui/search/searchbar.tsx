/** The one box for everything, with what is like chosen pictures shown inside it. */
import type { JSX, TargetedEvent, TargetedKeyboardEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { useController, useStore } from "../context";
import { CloseIcon, SearchIcon } from "../parts/icons";
import { Chooser } from "../pictures/chooser";
import { useThumbnail } from "../grid/use-thumbnail";
import type { RowInfo } from "../../engine/types";

/** Typing pauses this long (ms) before a search starts by itself. */
const PAUSE = 220;

export function SearchBar(): JSX.Element {
  const controller = useController();
  const view = useStore((state) => state.view);
  const [text, setText] = useState(view.text);
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  /** The history entry made by this spell of typing is replaced until the person is done. */
  const typing = useRef(false);

  useEffect(() => {
    // Another view came from outside: a link, a chip, back or forward.
    if (!typing.current || view.text !== text.trim()) setText(view.text);
  }, [view.text]);

  useEffect(() => {
    const desk = matchMedia("(hover: hover) and (pointer: fine)").matches;
    if (desk && !controller.store.get().view.image) input.current?.focus({ preventScroll: true });
    return () => clearTimeout(timer.current);
  }, []);

  const search = (value: string, done: boolean): void => {
    clearTimeout(timer.current);
    const now = controller.store.get().view;
    if (value.trim() !== now.text.trim()) {
      controller.go({ ...now, text: value.trim(), image: null }, { replace: typing.current });
      typing.current = true;
    }
    if (done) typing.current = false;
  };
  const change = (event: TargetedEvent<HTMLInputElement>): void => {
    const { value } = event.currentTarget;
    setText(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => search(value, false), PAUSE);
  };
  const clear = (): void => {
    setText("");
    search("", true);
    input.current?.focus();
  };
  const key = (event: TargetedKeyboardEvent<HTMLInputElement>): void => {
    if (event.key === "Escape") {
      event.preventDefault();
      if (text) clear();
      else input.current?.blur();
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      search(text, true);
      controller.focusGrid();
    } else if (event.key === "Backspace" && !text && view.like.length) {
      controller.go({ ...view, like: view.like.slice(0, -1) });
    }
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    search(text, true);
    if (controller.store.get().searchFailure) controller.retry();
    // On a phone the keyboard makes way for the results.
    if (matchMedia("(pointer: coarse)").matches) input.current?.blur();
  };
  return (
    <form class="searchbar" role="search" action="#" onSubmit={submit}>
      <span class="searchbar-icon"><SearchIcon /></span>
      {view.like.map((id) => <LikeChip key={id} id={id} />)}
      <input ref={input} id="search" type="search" name="q" value={text} autocomplete="off" autocapitalize="off"
        spellcheck={false} enterkeyhint="search" aria-label="Search pictures" aria-keyshortcuts="/"
        placeholder={view.like.length ? "Add words" : "Search pictures"}
        onInput={change} onKeyDown={key} onBlur={() => search(text, true)} />
      {text
        ? <button type="button" class="icon-button" aria-label="Clear search" onClick={clear}><CloseIcon /></button>
        : <kbd class="searchbar-key" aria-hidden="true">/</kbd>}
      <Chooser />
    </form>
  );
}

function LikeChip({ id }: { id: string }): JSX.Element {
  const controller = useController();
  const ready = useStore((state) => state.phase === "ready");
  const [info, setInfo] = useState<RowInfo | null>(null);
  useEffect(() => {
    let current = true;
    void controller.infoOf(id).then((found) => { if (current) setInfo(found); }, () => undefined);
    return () => { current = false; };
  }, [id, ready]);
  const { url } = useThumbnail(info?.thumbnail ?? null);
  const remove = (): void => {
    const { view } = controller.store.get();
    controller.go({ ...view, like: view.like.filter((other) => other !== id) });
  };
  return (
    <span class="like-chip">
      {url ? <img src={url} alt="" /> : <span class="like-blank" />}
      <button type="button" aria-label="Search without this picture" onClick={remove}><CloseIcon /></button>
    </span>
  );
}
