/** The largest topics of the map on the start page, each with a picture from its middle. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { MAP_FIELD } from "../../base/map";
import { visible } from "../../base/visible";
import type { MapTopic, RowInfo } from "../../engine/types";
import { connectionOf, isGenerous } from "../connection";
import { useController, useStore } from "../context";
import { useLoaded } from "../parts/hooks";
import { Placeholder } from "../parts/placeholder";
import { Retry } from "../parts/retry";
import { useThumbnail } from "../parts/use-thumbnail";
import { formatView, HOME } from "../state/view";
import { count } from "../wording";

const MOST = 16;
/** How many words of a name are shown; the tooltip has all. */
const WORDS = 2;

interface Tile {
  topic: MapTopic;
  number: number;
  info: RowInfo | null;
}

export function TopicTiles(): JSX.Element | null {
  const controller = useController();
  const { collection } = controller;
  const [attempt, setAttempt] = useState(0);
  // A picture in a pack would load many others with it.
  const single = useStore((state) => state.manifest?.thumbnails.extension === "webp");
  const tiles = useLoaded(async (): Promise<Tile[]> => {
    if (!collection) return [];
    const topics = (await collection.mapTopics()).slice(0, MOST);
    const pictured = single && isGenerous(connectionOf(navigator));
    const infos = pictured ? await collection.rows(topics.flatMap(({ rows }) => rows.slice(0, 1))).catch(() => []) : [];
    const known = new Map(infos.map((info) => [info.row, info]));
    return topics.map((topic, number) => ({ topic, number, info: known.get(topic.rows[0] ?? -1) ?? null }));
  }, [collection, attempt]);
  if (tiles.state === "failed") return <p role="alert">{tiles.message} <Retry class="small" onClick={() => setAttempt((n) => n + 1)} /></p>;
  if (tiles.state !== "ready" || !tiles.value.length) return null;
  return (
    <ul>
      {tiles.value.map(({ topic, number, info }) => (
        <li key={number}>
          <TopicTile topic={topic} info={info} />
        </li>
      ))}
    </ul>
  );
}

function TopicTile({ topic, info }: Omit<Tile, "number">): JSX.Element {
  const controller = useController();
  const view = { ...HOME, filters: [{ field: MAP_FIELD, kind: "topic" as const, values: [topic.name] }] };
  return (
    <a class="home-topic" href={formatView(view)} title={visible(topic.name)}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        controller.go(view);
      }}>
      {info?.thumbnail && <Picture info={info} />}
      <span><bdi>{visible(topic.words.slice(0, WORDS).join(", "))}</bdi> <span class="faint">{count(topic.count)}</span></span>
    </a>
  );
}

function Picture({ info }: { info: RowInfo }): JSX.Element {
  const { url } = useThumbnail(info.thumbnail);
  return (
    <span class="home-topic-picture" aria-hidden="true">
      <Placeholder hash={info.placeholder} covered={url !== null} />
      {url && <img src={url} alt="" draggable={false} decoding="async" />}
    </span>
  );
}
