/** Messages above or instead of results: hints, mistakes in a query, failures, nothing found. */
import type { JSX } from "preact";
import { visible } from "../../base/visible";

import { Retired } from "../additions/local";
import { useController, useStore } from "../context";
import { AlertIcon, OfflineIcon } from "../parts/icons";
import { Retry } from "../parts/retry";
import { searchKey } from "../state/view";
import { DidYouMean } from "./mean";
import { Nothing } from "./nothing";
import type { Notice } from "../../engine/types";

export function Messages(): JSX.Element {
  const controller = useController();
  const failure = useStore((state) => state.searchFailure);
  const view = useStore((state) => state.view);
  const list = useStore((state) => state.list);
  const offline = useStore((state) => state.offline);
  const notices = list?.key === searchKey(view) ? list.notices : [];
  return (
    <div class="messages">
      <Retired />
      {offline && (
        <p class="message calm" role="status"><OfflineIcon /><span>You are offline. What you have loaded before still works.</span></p>
      )}
      {failure && (
        <div class="message bad" role="alert">
          <AlertIcon />
          <span><strong>The search failed.</strong> {visible(failure)}</span>
          <Retry onClick={() => controller.retry()} />
        </div>
      )}
      {notices.map((notice) => <NoticeLine key={notice.kind + notice.message} notice={notice} />)}
      {!failure && <DidYouMean />}
      {list?.length === 0 && list.stage === "final" && list.key === searchKey(view) && !failure && <Nothing />}
    </div>
  );
}

function NoticeLine({ notice }: { notice: Notice }): JSX.Element {
  const controller = useController();
  const { suggestion, retry } = notice;
  return (
    <div class={`message ${notice.kind === "fts-syntax" ? "warn" : "calm"}`} role="status">
      <AlertIcon />
      <span>{visible(notice.message)}</span>
      {retry && <Retry onClick={() => controller.retry()} />}
      {suggestion && (
        <button type="button" class="button" onClick={() => {
          controller.go({ ...controller.store.get().view, text: suggestion, image: null });
        }}>
          Search for <code>{visible(suggestion)}</code>
        </button>
      )}
    </div>
  );
}
