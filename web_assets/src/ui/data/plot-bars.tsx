/** A plot whose bars are links to what they count. Arrow keys go from bar to bar, so that a plot is one step for the Tab key. */
import type { JSX, TargetedKeyboardEvent } from "preact";
import { useState } from "preact/hooks";

import { own } from "../../base/own";
import { useController } from "../context";
import { nounOf } from "../layout";
import { opener } from "../parts/opening";
import { formatView, HOME } from "../state/view";
import { counted } from "../wording";
import { barsOf, type Plot } from "./plot";
import type { FieldDefinition, Manifest } from "../../engine/types";

interface Props {
  plot: Plot;
  field: FieldDefinition;
  manifest: Manifest;
}

export function PlotBars({ plot, field, manifest }: Props): JSX.Element {
  const controller = useController();
  const bars = barsOf(plot, field);
  const most = Math.max(1, ...plot.counts);
  const full = bars.flatMap(({ count }, bin) => (count ? [bin] : []));
  const [at, setAt] = useState<number | null>(null);
  /** The bar that the Tab key leads to. */
  const [stop, setStop] = useState(full[0] ?? 0);
  const says = (bin: number): string => `${bars[bin]!.text}: ${plot.about ? "about " : ""}${counted(bars[bin]!.count, nounOf(manifest))}`;
  const key = (event: TargetedKeyboardEvent<HTMLOListElement>): void => {
    const place = full.indexOf(stop);
    const steps: Record<string, number> = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: full.length - 1 };
    const bin = full[own(steps, event.key) ?? -1];
    if (bin === undefined) return;
    event.preventDefault();
    setStop(bin);
    event.currentTarget.querySelector<HTMLElement>(`[data-bin="${String(bin)}"]`)?.focus();
  };
  return (
    <div class="data-plot">
      <ol aria-label={`${field.label}, in ${String(bars.length)} parts`} onKeyDown={key} onPointerLeave={() => setAt(null)}
        onFocusOut={() => setAt(null)}>
        {bars.map(({ count, filter }, bin) => {
          const view = { ...HOME, filters: [filter] };
          return (
            <li key={bin} onPointerEnter={() => setAt(bin)}>
              {count > 0 && (
                <a href={formatView(view)} data-bin={bin} tabIndex={bin === stop ? 0 : -1} aria-label={says(bin)} onClick={opener(() => controller.go(view))}
                  onFocus={() => {
                    setStop(bin);
                    setAt(bin);
                  }}>
                  <i style={{ height: `${Math.max(3, (100 * count) / most).toFixed(1)}%` }} />
                </a>
              )}
            </li>
          );
        })}
      </ol>
      <p aria-hidden="true">{at === null
        ? <><span>{bars[0]!.text}</span><span>{bars.length > 1 && bars.at(-1)!.text}</span></>
        : <strong>{says(at)}</strong>}</p>
    </div>
  );
}
