/** The small picture of a row of the list or of a table. Decorative: the link beside it has the name. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { Placeholder } from "../../parts/placeholder";
import { RemotePicture } from "../../parts/remote-picture";
import { useThumbnail } from "../../parts/use-thumbnail";
import type { RowInfo } from "../../../engine/types";

export function Picture({ info, remote }: { info: RowInfo; remote: string | null }): JSX.Element {
  const { url } = useThumbnail(info.thumbnail);
  const [lost, setLost] = useState(false);
  useEffect(() => setLost(false), [remote]);
  if (info.thumbnail) {
    return (
      <span class="record-picture">
        <Placeholder hash={info.placeholder} covered={url !== null} />
        {url && <img src={url} alt="" class="shown" draggable={false} decoding="async" />}
      </span>
    );
  }
  return <span class={`record-picture ${remote && !lost ? "" : "none"}`}>{remote && !lost && <RemotePicture src={remote} alt="" onFail={() => setLost(true)} />}</span>;
}
