/** Caption and tags of an added picture, to be changed. */
import type { JSX, TargetedEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import type { AdditionSummary } from "../../api/additions";
import { visible } from "../../base/visible";
import { useController } from "../context";
import { useAdding } from "./use-adding";

export function Editor({ addition, onDone }: { addition: AdditionSummary; onDone: () => void }): JSX.Element {
  const { adding } = useController();
  const { additions } = useAdding();
  const [caption, setCaption] = useState(addition.caption);
  const [tags, setTags] = useState(addition.tags.join(", "));
  const [problem, setProblem] = useState<string | null>(null);
  const [saving, setSaving] = useState(false);
  const first = useRef<HTMLTextAreaElement>(null);
  useEffect(() => first.current?.focus(), []);
  const save = async (): Promise<void> => {
    setSaving(true);
    try {
      await adding.edit(addition.id, { caption, tags: tags.split(/[,;\n]/).map((tag) => tag.trim()).filter(Boolean) });
      onDone();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "The changes could not be saved.");
      setSaving(false);
    }
  };
  const submit = (event: TargetedEvent<HTMLFormElement>): void => {
    event.preventDefault();
    void save();
  };
  const key = (event: KeyboardEvent): void => {
    if (event.key === "Escape") {
      // Ends the editing only; the dialog around it stays open.
      event.preventDefault();
      event.stopPropagation();
      onDone();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      void save();
    }
  };
  const id = `edit-${addition.id}`;
  return (
    <form class="editor" onSubmit={submit} onKeyDown={key} aria-label={`Caption and tags of ${visible(addition.name)}`}>
      <label for={`${id}-caption`}>{visible(additions?.captionField.label ?? "Caption")}</label>
      <textarea id={`${id}-caption`} ref={first} rows={2} maxLength={5000} value={caption}
        placeholder="What does it show?" onInput={(event) => setCaption(event.currentTarget.value)} />
      <label for={`${id}-tags`}>{visible(additions?.tagsField.label ?? "Tags")}</label>
      <input id={`${id}-tags`} type="text" value={tags} placeholder="sea, lighthouse, 2026" autocomplete="off"
        aria-describedby={`${id}-hint`} onInput={(event) => setTags(event.currentTarget.value)} />
      <p id={`${id}-hint`} class="faint">Separated by commas. The next search finds them.</p>
      {problem && <p class="problem" role="alert">{problem}</p>}
      <div class="editor-foot">
        <button type="submit" class="button solid small" disabled={saving}>Save</button>
        <button type="button" class="button quiet small" onClick={onDone}>Cancel</button>
      </div>
    </form>
  );
}
