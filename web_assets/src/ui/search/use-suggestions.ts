/** The list under the search box: whether it is open, its options, and which one is chosen by the keyboard. */
import { useEffect, useRef, useState } from "preact/hooks";

import { useController, useStore } from "../context";
import { nounOf } from "../layout";
import { counted } from "../wording";
import { optionsFor, stepped, type Option } from "./options";
import { dateSuggestion } from "./typed-date";
import type { Recent } from "./recent";
import type { Saved } from "./saved";
import type { Suggestion } from "../../engine/types";

/** After a pause of this length (ms) suggestions are loaded. */
const SUGGESTION_DELAY_MS = 70;

export interface Suggestions {
  options: Option[];
  open: boolean;
  active: number;
  setActive: (index: number) => void;
  /** Opens the list for the text of the box. */
  show: () => void;
  close: () => void;
  step: (by: 1 | -1) => void;
}

export function useSuggestions(text: string, recent: Recent, saved: Saved): Suggestions {
  const controller = useController();
  const examples = useStore((state) => state.manifest?.examples);
  const fields = useStore((state) => state.manifest?.fields);
  const noun = useStore((state) => nounOf(state.manifest));
  const [wanted, setWanted] = useState(false);
  const [active, setActive] = useState(-1);
  const [found, setFound] = useState<{ text: string; suggestions: readonly Suggestion[] }>({ text: "", suggestions: [] });
  const turn = useRef(0);

  useEffect(() => {
    const mine = ++turn.current;
    setActive(-1);
    const { collection } = controller;
    if (!wanted || !collection) return;
    const timer = setTimeout(() => {
      collection.suggest(text).then(
        (suggestions) => { if (mine === turn.current) setFound({ text, suggestions }); },
        // The box also works without suggestions.
        () => undefined,
      );
    }, text.trim() ? SUGGESTION_DELAY_MS : 0);
    return () => clearTimeout(timer);
  }, [text, wanted]);

  // While suggestions for a longer text are loaded, keep the earlier ones that still fit.
  const stale = text !== found.text;
  const typed = text.toLowerCase();
  const suggestions = !stale ? found.suggestions
    : typed.startsWith(found.text.toLowerCase()) ? found.suggestions.filter(({ shown }) => shown.toLowerCase().startsWith(typed)) : [];
  const dated = dateSuggestion(text, fields ?? []);
  const options = wanted ? optionsFor(text, { saved: saved.list(), recent: recent.list(), examples: examples ?? [], suggestions: dated ? [dated, ...suggestions] : suggestions }, (number) => counted(number, noun)) : [];
  const shown = Math.min(active, options.length - 1);
  return {
    options, open: options.length > 0, active: shown, setActive,
    show: () => setWanted(true),
    close: () => {
      setWanted(false);
      setActive(-1);
    },
    step: (by) => setActive(stepped(shown, options.length, by)),
  };
}
