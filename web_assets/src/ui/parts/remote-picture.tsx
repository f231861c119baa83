/** A picture of another host, which learns nothing of this page but that somebody looks at the picture. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

interface Props {
  src: string;
  alt: string;
  class?: string;
  /** Called when the host does not give the picture. */
  onFail?: () => void;
  onShow?: () => void;
}

export function RemotePicture({ src, alt, class: extra = "", onFail, onShow }: Props): JSX.Element {
  const [shown, setShown] = useState<string | null>(null);
  useEffect(() => setShown(null), [src]);
  return (
    <img key={src} src={src} alt={alt} class={`remote-picture ${shown === src ? "shown" : ""} ${extra}`} referrerpolicy="no-referrer"
      loading="lazy" decoding="async" draggable={false} onError={onFail} onLoad={() => {
        setShown(src);
        onShow?.();
      }} />
  );
}

/** The address of a record's small picture on another host; null if there is none or the site does not allow its host. */
export function remoteThumbnail(remote: { image?: string; thumbnail?: string } | undefined, origins: readonly string[]): string | null {
  return allowed(remote?.thumbnail, origins) ?? allowed(remote?.image, origins);
}

/** The address if it is of one of the hosts that the site allows. */
export function allowed(address: string | undefined, origins: readonly string[]): string | null {
  if (address === undefined || !URL.canParse(address)) return null;
  const { origin, protocol } = new URL(address);
  return (protocol === "https:" || protocol === "http:") && origins.includes(origin) ? address : null;
}
