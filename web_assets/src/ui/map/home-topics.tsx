/** The place of the topics on the start page. They are loaded after the first pictures. */
import type { JSX } from "preact";

import { useStore } from "../context";
import { useAfterPictures } from "../parts/after-pictures";
import { Later, useLater } from "../parts/later";
import { Retry } from "../parts/retry";

const tiles = new Later(() => import("./topic-tiles"), "TopicTiles");

/** Nothing if the collection has no topics. The height is the same before and after, so that nothing moves. */
export function HomeTopics(): JSX.Element | null {
  const count = useStore((state) => state.manifest?.map?.topics.count ?? 0);
  return count ? <nav class="home-topics" aria-label="Topics"><AfterPictures /></nav> : null;
}

function AfterPictures(): JSX.Element | null {
  return useAfterPictures() ? <Tiles /> : null;
}

function Tiles(): JSX.Element | null {
  const { module, failure, retry } = useLater(tiles);
  if (failure !== null) return <p role="alert">{failure} <Retry class="small" onClick={retry} /></p>;
  return module && <module.TopicTiles />;
}
