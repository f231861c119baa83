/** Icons, drawn in strokes of the text's colour. Decorative: the surrounding element has the accessible name. */
import type { ComponentChildren, JSX } from "preact";

/** An icon of 20 pixels from shapes on a square of 24. */
export function icon(children: ComponentChildren): () => JSX.Element {
  return () => (
    <svg class="icon" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" stroke-width="1.75"
      stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export const SearchIcon = icon(<><circle cx="11" cy="11" r="6.5" /><path d="m16 16 4.5 4.5" /></>);
export const PictureIcon = icon(
  <><rect x="3.5" y="4.5" width="17" height="15" rx="3" /><circle cx="9" cy="9.8" r="1.6" /><path d="m4.5 17.5 5-4.6 3.3 3 2.9-2.6 4 3.6" /></>,
);
export const CameraIcon = icon(
  <><path d="M4 8.5A1.5 1.5 0 0 1 5.5 7H8l1.5-2.2h5L16 7h2.5A1.5 1.5 0 0 1 20 8.5v9a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 17.5Z" /><circle cx="12" cy="12.8" r="3.4" /></>,
);
export const LockIcon = icon(<><rect x="5" y="10.5" width="14" height="9.5" rx="2.4" /><path d="M8 10.5V8a4 4 0 0 1 8 0v2.5" /></>);
export const StackIcon = icon(<><rect x="3.5" y="8" width="13" height="12" rx="2.5" /><path d="M8 4.5h9.5a3 3 0 0 1 3 3V16" /></>);
export const PagesIcon = icon(<path d="M12 6.5C9.8 4.9 7 4.4 3.5 4.5v14c3.5-.1 6.3.4 8.5 2 2.2-1.6 5-2.1 8.5-2v-14c-3.5-.1-6.3.4-8.5 2Zm0 0v14" />);
export const TagIcon = icon(<><path d="M4 5.5A1.5 1.5 0 0 1 5.5 4h6.2L20 12.3a1.6 1.6 0 0 1 0 2.3L14.6 20a1.6 1.6 0 0 1-2.3 0L4 11.7Z" /><path d="M8.2 8.2v.1" /></>);
export const StarIcon = icon(<path d="m12 4 2.5 5.1 5.6.8-4.1 3.9 1 5.6-5-2.6-5 2.6 1-5.6-4.1-3.9 5.6-.8Z" />);
export const ClockIcon = icon(<><circle cx="12" cy="12" r="8" /><path d="M12 7.5V12l3 2" /></>);
export const CloseIcon = icon(<path d="M6 6l12 12M18 6 6 18" />);
export const FilterIcon = icon(<path d="M4 7h10m4 0h2M4 17h2m4 0h10M16 5v4M8 15v4" />);
export const ViewIcon = icon(<><rect x="4" y="4.5" width="16" height="9.5" rx="2" /><path d="M4 17.5h10M4 20.5h6" /></>);
export const SunIcon = icon(
  <><circle cx="12" cy="12" r="4" /><path d="M12 3v1.5m0 15V21M3 12h1.5m15 0H21M5.6 5.6l1.1 1.1m10.6 10.6 1.1 1.1m0-12.8-1.1 1.1M6.7 17.3l-1.1 1.1" /></>,
);
export const MoonIcon = icon(<path d="M20 14.2A8 8 0 0 1 9.8 4a8 8 0 1 0 10.2 10.2Z" />);
export const SystemIcon = icon(<><circle cx="12" cy="12" r="8" /><path d="M12 4a8 8 0 0 1 0 16Z" fill="currentColor" /></>);
export const InfoIcon = icon(<><circle cx="12" cy="12" r="8.5" /><path d="M12 11v5.5M12 7.6v.2" /></>);
export const TopIcon = icon(<path d="M12 20V8m0 0-5.5 5.5M12 8l5.5 5.5M5 4h14" />);
export const LeftIcon = icon(<path d="m14.5 5-7 7 7 7" />);
export const RightIcon = icon(<path d="m9.5 5 7 7-7 7" />);
export const SimilarIcon = icon(
  <><rect x="3.5" y="7.5" width="11" height="13" rx="2.5" /><path d="M8 4.5h8.5a4 4 0 0 1 4 4V16" /></>,
);
export const LinkIcon = icon(
  <><path d="M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 1 0-5.7-5.7l-1 1" /><path d="M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 1 0 11 18.7l1-1" /></>,
);
export const DownloadIcon = icon(<path d="M12 4v11m0 0 4.5-4.5M12 15l-4.5-4.5M5 19.5h14" />);
export const RetryIcon = icon(<path d="M19.5 12a7.5 7.5 0 1 1-2.2-5.3L20 9.4M20 4.5v4.9h-4.9" />);
export const ZoomInIcon = icon(<><circle cx="11" cy="11" r="6.5" /><path d="m16 16 4.5 4.5M11 8.5v5M8.5 11h5" /></>);
export const ZoomOutIcon = icon(<><circle cx="11" cy="11" r="6.5" /><path d="m16 16 4.5 4.5M8.5 11h5" /></>);
export const AlertIcon = icon(<><path d="M12 4 2.8 19.5h18.4Z" /><path d="M12 10v4.2M12 16.9v.1" /></>);
export const OfflineIcon = icon(<path d="M4 4l16 16M8.5 8.8A9.5 9.5 0 0 0 3 11.5M6.5 15a6.8 6.8 0 0 1 4-2M21 11.5a12 12 0 0 0-8-3.4M9.8 18a3 3 0 0 1 4.4 0" />);
export const ExternalIcon = icon(<path d="M14 4.5h5.5V10M19 5l-8 8M17 14v4a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 5 18V9a1.5 1.5 0 0 1 1.5-1.5H10" />);
export const PlusIcon = icon(<path d="M12 5v14M5 12h14" />);
export const PencilIcon = icon(<path d="m4.5 19.5 1-4L16 5a2.1 2.1 0 0 1 3 3L8.5 18.5ZM14 7l3 3" />);
export const TrashIcon = icon(<path d="M4.5 7h15M9.5 7V4.5h5V7M6.5 7l.8 12.5h9.4L17.5 7M10 10.5v6m4-6v6" />);
export const DeviceIcon = icon(<><rect x="7" y="3" width="10" height="18" rx="2.5" /><path d="M11 17.8h2" /></>);
export const CheckIcon = icon(<><circle cx="12" cy="12" r="8.5" /><path d="m8.3 12.3 2.5 2.5 5-5.4" /></>);
export const GridIcon = icon(<><rect x="4" y="4" width="9" height="7" rx="1.8" /><rect x="4" y="14" width="6" height="6" rx="1.8" /><rect x="13" y="14" width="7" height="6" rx="1.8" /><rect x="16" y="4" width="4" height="7" rx="1.6" /></>);
export const ListIcon = icon(<path d="M4 6.5h16M4 11h10M4 15.5h16M4 20h10" />);
export const TableIcon = icon(<><rect x="3.5" y="4.5" width="17" height="15" rx="2.5" /><path d="M3.5 9.5h17M3.5 14.5h17M10 9.5v10" /></>);
export const MapIcon = icon(<><circle cx="7" cy="8" r="2.6" /><circle cx="16.5" cy="6.5" r="1.6" /><circle cx="15.5" cy="15.5" r="3.4" /><circle cx="6.5" cy="17" r="1.3" /></>);
export const DataIcon = icon(<><ellipse cx="12" cy="6" rx="7.5" ry="2.8" /><path d="M4.5 6v12c0 1.5 3.4 2.8 7.5 2.8s7.5-1.3 7.5-2.8V6M4.5 12c0 1.5 3.4 2.8 7.5 2.8s7.5-1.3 7.5-2.8" /></>);
export const PageIcon = icon(<><path d="M6.5 3.5h7l4.5 4.5v11.5a1 1 0 0 1-1 1H6.5a1 1 0 0 1-1-1V4.5a1 1 0 0 1 1-1Z" /><path d="M13.5 3.5V8H18M8.5 12.5h6.5M8.5 16h4.5" /></>);
