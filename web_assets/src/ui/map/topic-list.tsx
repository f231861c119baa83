/** The topics of the map as a list: the same as the map for keyboards and screen readers, and instead of it if it cannot be drawn. */
import type { JSX } from "preact";

import { visible } from "../../base/visible";
import type { MapTopic } from "../../engine/types";
import type { Loaded } from "../parts/hooks";
import { Retry } from "../parts/retry";
import { count } from "../wording";
import { css, hue } from "./colours";
import { FitIcon } from "./icons";

interface Props {
  topics: Loaded<MapTopic[]>;
  /** How many results of the search each topic has; null if nothing is searched. */
  counts: Uint32Array | null;
  /** Numbers of topics; null for one that this map does not have. */
  chosen: readonly (number | null)[];
  dark: boolean;
  onToggle: (topic: number) => void;
  /** Shows a topic on the map; null without a map. */
  onShow: ((topic: number) => void) | null;
  onRetry: () => void;
}

export function TopicList({ topics, counts, chosen, dark, onToggle, onShow, onRetry }: Props): JSX.Element {
  return (
    <nav class="map-topics" aria-label="Topics">
      <h2>Topics</h2>
      {topics.state === "failed" && <div role="alert"><p>{topics.message}</p><Retry class="small" onClick={onRetry} /></div>}
      {topics.state === "ready" && !topics.value.length && <p class="faint">The map of this collection has no topics.</p>}
      {topics.state === "ready" && (
        <ul>
          {topics.value.map((topic, i) => {
            const found = counts?.[i];
            const name = visible(topic.name);
            return (
              <li key={i} class={found === 0 ? "none" : ""}>
                <button type="button" class="map-topic" aria-pressed={chosen.includes(i)} onClick={() => onToggle(i)}>
                  <span class="map-swatch" aria-hidden="true" style={{ background: css(hue(i, dark)) }} />
                  <bdi>{name}</bdi>
                  <span class="faint">{found === undefined ? count(topic.count) : `${count(found)} of ${count(topic.count)}`}</span>
                </button>
                {onShow && <button type="button" class="icon-button" title="Show on the map" aria-label={`Show ${name} on the map`} onClick={() => onShow(i)}><FitIcon /></button>}
              </li>
            );
          })}
        </ul>
      )}
    </nav>
  );
}
