/** Buttons, chips and badges: they are classes of the sheets, not components. */
import type { JSX } from "preact";

import { CloseIcon, DownloadIcon, FilterIcon, SimilarIcon } from "../../web_assets/src/ui/parts/icons";
import { Reload, Retry } from "../../web_assets/src/ui/parts/retry";
import { TopButton } from "../../web_assets/src/ui/parts/to-top";
import { Frame } from "./frame";

const KINDS = ["", "solid", "quiet", "accent", "small"] as const;

export function Buttons(): JSX.Element {
  return (
    <>
      {KINDS.flatMap((kind) => [false, true].map((disabled) => (
        <Frame key={`${kind} ${String(disabled)}`} name={`Button: ${kind || "plain"}${disabled ? ", disabled" : ""}`}>
          <button type="button" class={`button ${kind}`} disabled={disabled}><SimilarIcon />More like this</button>
        </Frame>
      )))}
      <Frame name="Button: with an icon only"><button type="button" class="icon-button" aria-label="Download"><DownloadIcon /></button></Frame>
      <Frame name="Button: with an icon only, disabled"><button type="button" class="icon-button" aria-label="Download" disabled><DownloadIcon /></button></Frame>
      <Frame name="Button: text"><button type="button" class="text-button">Clear</button></Frame>
      <Frame name="Button: retry"><Retry onClick={() => undefined} /></Frame>
      <Frame name="Button: retry after an update"><Reload class="solid" /></Frame>
      <Frame name="Button: to the top" height={90}><TopButton /></Frame>
      <Frame name="Button: with a badge">
        <button type="button" class="button quiet"><FilterIcon /><span class="label">Filters</span><span class="badge" aria-hidden="true">3</span><span class="visually-hidden">, 3 active</span></button>
      </Frame>
      <Frame name="Chip: example"><button type="button" class="chip">something to play music on</button></Frame>
      <Frame name="Chip: filter"><button type="button" class="chip" aria-label="Remove filter Colour blue"><span class="chip-label">Colour</span> <bdi>blue</bdi><CloseIcon /></button></Frame>
      <Frame name="Chip: matched word"><span class="chip matched">hill</span></Frame>
      <Frame name="Badge: long number"><span class="badge">12,345</span></Frame>
      <Frame name="Key"><kbd>Esc</kbd></Frame>
      <Frame name="Spinner"><span class="spinner" aria-hidden="true" /> Searching</Frame>
    </>
  );
}
