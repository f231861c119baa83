/** The person's own pictures in the search, each with its weight, progress and errors. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { visible } from "../../base/visible";
import { useController, useStore } from "../context";
import { AlertIcon, CloseIcon, LockIcon, PictureIcon } from "../parts/icons";
import { Retry } from "../parts/retry";
import { bytes } from "../wording";
import type { QueryPicture, Refused } from "./pictures";
import type { PictureTerm } from "../state/view";
import { usePictures } from "./use-pictures";

const WEIGHTS = [0.5, 1, 2, 3];

export function Tray({ onAdd }: { onAdd?: (file: File) => void }): JSX.Element | null {
  const controller = useController();
  const pictures = usePictures();
  const view = useStore((state) => state.view);
  const { refused } = pictures;
  if (!view.pictures.length && !refused.length) return null;
  const change = (terms: PictureTerm[]): void => controller.go({ ...view, pictures: terms, image: null });
  const remove = (hash: string): void => {
    change(view.pictures.filter((term) => term.hash !== hash));
    document.getElementById("search")?.focus({ preventScroll: true });
  };
  return (
    <section class="tray" aria-label="Pictures in this search">
      <ul class="tray-list">
        {view.pictures.map((term) => (
          <Card key={term.hash} term={term} picture={pictures.get(term.hash)} {...(onAdd ? { onAdd } : {})}
            onRemove={() => remove(term.hash)}
            onWeight={(weight) => change(view.pictures.map((other) => (other.hash === term.hash ? { ...other, weight } : other)))} />
        ))}
        {refused.map((file) => <RefusedCard key={file.key} file={file} />)}
      </ul>
      {view.pictures.length > 0 && (
        <p class="tray-note faint"><LockIcon />Your pictures stay on this device.</p>
      )}
    </section>
  );
}

interface CardProps {
  term: PictureTerm;
  picture: QueryPicture | null;
  onRemove: () => void;
  onWeight: (weight: number) => void;
  onAdd?: (file: File) => void;
}

function Card({ term, picture, onRemove, onWeight, onAdd }: CardProps): JSX.Element {
  const controller = useController();
  const state = picture?.state ?? "looking";
  const name = visible(picture?.name ?? "Picture");
  const busy = state === "looking" || state === "waiting" || state === "embedding";
  const failed = state === "failed" || state === "missing";
  const file = onAdd && state === "ready" ? controller.pictures.file(term.hash) : null;
  return (
    <li class={`tray-card ${failed ? "bad" : ""} ${term.weight < 0 ? "unlike" : ""}`} data-state={state}>
      <Thumb url={picture?.url ?? null} />
      <div class="tray-body">
        <span class="tray-name" title={name}>{name}</span>
        <div class="tray-row" aria-live="polite">
          {busy && <Progress waiting={state === "waiting"} />}
          {failed && <span class="tray-problem">{picture?.message}</span>}
          {failed && picture?.retryable && (
            <Retry class="small" onClick={() => {
              controller.pictures.retry(term.hash);
              controller.retry();
            }} />
          )}
          {state === "ready" && <Weight hash={term.hash} name={name} weight={term.weight} onWeight={onWeight} />}
          {file && onAdd && <button type="button" class="button small" onClick={() => onAdd(file)}>Add to collection</button>}
        </div>
      </div>
      <button type="button" class="icon-button tray-remove" onClick={onRemove}
        aria-label={busy ? `Cancel ${name}` : `Remove ${name}`} title={busy ? "Cancel" : "Remove"}><CloseIcon /></button>
    </li>
  );
}

/** An icon if the browser cannot show the picture. */
function Thumb({ url }: { url: string | null }): JSX.Element {
  const [broken, setBroken] = useState<string | null>(null);
  return url && broken !== url
    ? <img class="tray-thumb" src={url} alt="" decoding="async" onError={() => setBroken(url)} />
    : <span class="tray-thumb blank"><PictureIcon /></span>;
}

function Progress({ waiting }: { waiting: boolean }): JSX.Element {
  const tower = useStore((state) => state.progress["image-tower"]);
  const loading = tower && !tower.done && tower.total > 0;
  return (
    <span class="tray-busy">
      <span class="spinner" aria-hidden="true" />
      {waiting ? "Waiting" : loading
        ? `Loading the picture model, ${bytes(Math.min(tower.loaded, tower.total))} of ${bytes(tower.total)}`
        : "Analysing the picture"}
    </span>
  );
}

function Weight({ hash, name, weight, onWeight }: { hash: string; name: string; weight: number; onWeight: (weight: number) => void }): JSX.Element {
  const size = Math.abs(weight);
  const signs = [[1, "Like it", "+"], [-1, "Unlike it", "−"]] as const;
  const group = `sign-${hash}`;
  return (
    <>
      <span class="modes signs" role="radiogroup" aria-label={`Like or unlike ${name}`}>
        {signs.map(([sign, label, symbol]) => (
          <label key={symbol} title={label}>
            <input type="radio" name={group} aria-label={label} checked={Math.sign(weight) === sign} onChange={() => onWeight(sign * size)} />
            <span aria-hidden="true">{symbol}</span>
          </label>
        ))}
      </span>
      <label class="sort tray-weight">
        <span class="visually-hidden">Weight of {name}</span>
        <select value={String(size)} onChange={(event) => onWeight(Math.sign(weight) * Number(event.currentTarget.value))}>
          {[...new Set([...WEIGHTS, size])].sort((a, b) => a - b).map((value) => (
            <option key={value} value={String(value)}>{value === 0.5 ? "½" : String(value)}×</option>
          ))}
        </select>
      </label>
    </>
  );
}

function RefusedCard({ file }: { file: Refused }): JSX.Element {
  const { pictures } = useController();
  return (
    <li class="tray-card refused bad">
      <span class="tray-thumb blank"><AlertIcon /></span>
      <div class="tray-body">
        <span class="tray-name" title={visible(file.name)}>{visible(file.name)}</span>
        <div class="tray-row"><span class="tray-problem" role="alert">{file.message}</span></div>
      </div>
      <button type="button" class="icon-button tray-remove" aria-label={`Dismiss ${visible(file.name)}`} title="Dismiss"
        onClick={() => pictures.dismiss(file.key)}><CloseIcon /></button>
    </li>
  );
}
