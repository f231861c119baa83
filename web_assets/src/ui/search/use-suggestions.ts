/** The list under the search box: when it is open, what it holds, and which of it is chosen by the keyboard. */
import { useEffect, useRef, useState } from "preact/hooks";

import { useController, useStore } from "../context";
import { pictures } from "../wording";
import { optionsFor, stepped, type Option } from "./options";
import type { Recent } from "./recent";
import type { Suggestion } from "../../engine/types";

/** After a pause of this length (ms) suggestions are loaded. */
const SUGGESTION_DELAY_MS = 70;

export interface Suggestions {
  options: Option[];
  open: boolean;
  active: number;
  setActive: (index: number) => void;
  /** Opens the list for what the box holds. */
  show: () => void;
  close: () => void;
  step: (by: 1 | -1) => void;
}

export function useSuggestions(text: string, recent: Recent): Suggestions {
  const controller = useController();
  const examples = useStore((state) => state.manifest?.examples);
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
        // Without its file the box works as well.
        () => undefined,
      );
    }, text.trim() ? SUGGESTION_DELAY_MS : 0);
    return () => clearTimeout(timer);
  }, [text, wanted]);

  // While the words for a longer beginning are looked up, the earlier ones that still fit stay.
  const stale = text !== found.text;
  const typed = text.toLowerCase();
  const suggestions = !stale ? found.suggestions
    : typed.startsWith(found.text.toLowerCase()) ? found.suggestions.filter(({ shown }) => shown.toLowerCase().startsWith(typed)) : [];
  const options = wanted ? optionsFor(text, { recent: recent.list(), examples: examples ?? [], suggestions }, pictures) : [];
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
