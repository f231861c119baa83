/** Parts that several kinds of the Data page use: fields of forms, steps from page to page, progress and failures. */
import type { ComponentChildren, JSX, TargetedEvent } from "preact";
import { useEffect, useId, useState } from "preact/hooks";

import { useController, useStore } from "../context";
import { useLate } from "../parts/hooks";
import { AlertIcon, LeftIcon, RightIcon } from "../parts/icons";
import { Retry } from "../parts/retry";
import { opener } from "../parts/opening";
import { formatView, HOME } from "../state/view";
import { loading } from "../wording";
import { formatAddress, type Fault, type Key, type Kind } from "./address";
import type { Made } from "./use-made";

export type Values = Partial<Record<Key, string>>;

/** Goes to something of the Data page, and the view it is. */
export function useGo(): { go: (kind: Kind, values?: Values, replace?: boolean) => void; link: (kind: Kind, values?: Values) => string } {
  const controller = useController();
  const layout = useStore((state) => state.view.layout);
  const hash = useStore((state) => state.manifest?.collection.hash ?? "");
  const view = (kind: Kind, values: Values = {}) => ({ ...HOME, layout, data: formatAddress(kind, values, hash) });
  return {
    go: (kind, values, replace = false) => controller.go(view(kind, values), { replace }),
    link: (kind, values) => formatView(view(kind, values)),
  };
}

/** A link to something of the Data page. */
export function GoLink({ kind, values, class: name, current, children }: {
  kind: Kind; values?: Values; class?: string; current?: boolean; children: ComponentChildren;
}): JSX.Element {
  const { go, link } = useGo();
  return (
    <a class={name} href={link(kind, values)} onClick={opener(() => go(kind, values))} {...(current ? { "aria-current": "page" } : {})}>{children}</a>
  );
}

export interface Entry {
  key: Key;
  label: string;
  hint?: string;
  wide?: boolean;
}

/** A form of texts and numbers. It is filled in with `values`; what is typed is checked when it is sent. */
export function Form({ label, entries, values, fault, action, check, onSend, children }: {
  label: string; entries: readonly Entry[]; values: Record<Key, string>; fault: Fault | null; action: string;
  check: (values: Record<Key, string>) => Fault | null; onSend: (values: Record<Key, string>) => void; children?: ComponentChildren;
}): JSX.Element {
  const [typed, setTyped] = useState(values);
  const [own, setOwn] = useState<Fault | null>(null);
  const id = useId();
  useEffect(() => {
    setTyped(values);
    setOwn(null);
  }, [values]);
  const shown = own ?? fault;
  const send = (event: Event): void => {
    event.preventDefault();
    const wrong = check(typed);
    setOwn(wrong);
    if (wrong) document.getElementById(`${id}-${wrong.key}`)?.focus();
    else onSend(typed);
  };
  const change = (key: Key) => (event: TargetedEvent<HTMLInputElement>): void => setTyped({ ...typed, [key]: event.currentTarget.value });
  return (
    <form class="data-form" aria-label={label} action="#" noValidate onSubmit={send}>
      <div class="data-entries">
        {entries.map(({ key, label, hint, wide }) => (
          <label key={key} class={wide ? "wide" : ""}>
            <span>{label}</span>
            <input id={`${id}-${key}`} name={key} value={typed[key]} onInput={change(key)} autocomplete="off" spellcheck={false}
              {...(wide ? { autocapitalize: "off" } : { inputmode: key === "validation" || key === "test" ? "decimal" as const : "numeric" as const })}
              {...(shown?.key === key ? { "aria-invalid": true, "aria-describedby": `${id}-fault` } : {})} />
            {hint && <small>{hint}</small>}
          </label>
        ))}
        <div class="data-actions">
          <button type="submit" class="button solid">{action}</button>
          {children}
        </div>
      </div>
      <div id={`${id}-fault`} role="alert">{shown && <p class="message bad"><AlertIcon /><span>{shown.fault}</span></p>}</div>
    </form>
  );
}

/** From one page or batch to the next, or to a number. */
export function Steps({ what, value, first, last, onGo }: { what: string; value: number; first: number; last: number; onGo: (number: number) => void }): JSX.Element {
  const [typed, setTyped] = useState(String(value));
  useEffect(() => setTyped(String(value)), [value]);
  const wanted = /^[0-9]{1,15}$/.test(typed.trim()) ? Number(typed) : NaN;
  const fits = wanted >= first && wanted <= last;
  const send = (event: Event): void => {
    event.preventDefault();
    if (fits) onGo(wanted);
  };
  const id = useId();
  return (
    <form class="data-steps" aria-label={`Choose a ${what}`} action="#" noValidate onSubmit={send}>
      <button type="button" class="icon-button" aria-label={`Previous ${what}`} disabled={value <= first} onClick={() => onGo(value - 1)}><LeftIcon /></button>
      <label>
        <span class="data-what">{what}</span>
        <input value={typed} inputmode="numeric" autocomplete="off" aria-describedby={id} onInput={(event) => setTyped(event.currentTarget.value)}
          onBlur={() => { if (!fits) setTyped(String(value)); }} {...(fits ? {} : { "aria-invalid": true })} />
      </label>
      <span id={id} class="faint">{first === 1 ? `of ${String(last)}` : `from ${String(first)} to ${String(last)}`}</span>
      <button type="button" class="icon-button" aria-label={`Next ${what}`} disabled={value >= last} onClick={() => onGo(value + 1)}><RightIcon /></button>
      {fits && wanted !== value && <button type="submit" class="button small">Go</button>}
    </form>
  );
}

/** What is going on until something is there: nothing, then progress with bytes, or why it failed. */
export function Waiting({ made, doing }: { made: Made<unknown>; doing: string }): JSX.Element | null {
  const progress = useStore((state) => state.progress);
  const late = useLate(made.state === "making" && made.since ? made.since : null, 300);
  if (made.state === "ready") return null;
  if (made.state === "failed") {
    return <p class="message bad" role="alert"><AlertIcon /><span>{made.message}</span><Retry class="small" onClick={made.retry} /></p>;
  }
  return <p class="data-waiting" role="status">{late && <><span class="spinner" aria-hidden="true" />{loading(progress) ?? doing}</>}</p>;
}

/** A fault of the link that is not one of the form, with a way out. */
export function Wrong({ fault, onFix }: { fault: Fault; onFix?: ((value: string) => void) | undefined }): JSX.Element {
  return (
    <p class="message bad" role="alert">
      <AlertIcon /><span>{fault.fault}</span>
      {fault.instead !== undefined && onFix && <button type="button" class="button small" onClick={() => onFix(fault.instead!)}>Show {fault.instead}</button>}
    </p>
  );
}
