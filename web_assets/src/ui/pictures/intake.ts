/** Receives pictures: dropped anywhere on the page, pasted, chosen or photographed. */

/** Every file of a drop or paste; a file that the browser lists twice comes once. */
export function filesFrom(transfer: DataTransfer | null): File[] {
  if (!transfer) return [];
  const files = [...transfer.files];
  if (files.length) return files;
  return [...transfer.items].flatMap((item) => (item.kind === "file" ? item.getAsFile() ?? [] : []));
}

/** Whether something dragged over the page could be a picture: until the drop only the kinds are known. */
export function carriesFiles(transfer: DataTransfer | null): boolean {
  return Boolean(transfer?.types.includes("Files"));
}

export interface Listeners {
  dragenter: (event: DragEvent) => void;
  dragover: (event: DragEvent) => void;
  dragleave: (event: DragEvent) => void;
  drop: (event: DragEvent) => void;
  paste: (event: ClipboardEvent) => void;
}

/** Listens for pictures dropped on or pasted into `target`. Returns a function that stops it. */
export function listen(target: EventTarget, listeners: Listeners): () => void {
  const pairs = Object.entries(listeners) as [string, EventListener][];
  for (const [kind, listener] of pairs) target.addEventListener(kind, listener);
  return () => { for (const [kind, listener] of pairs) target.removeEventListener(kind, listener); };
}

export interface Intake {
  /** Whether files are dragged over the page now. */
  onDrag: (over: boolean) => void;
  onPictures: (files: File[]) => void;
}

/** A drag counts as ended this long (ms) after its last event, because a drag that ends by Esc sends no event. */
const GONE = 700;

/** Listens on the whole page. Events that were handled (`preventDefault`) are left alone. Returns a function that stops it. */
export function takeIn(page: Window, { onDrag, onPictures }: Intake): () => void {
  let gone: ReturnType<typeof setTimeout> | undefined;
  const rest = (): void => {
    clearTimeout(gone);
    onDrag(false);
  };
  const over = (event: DragEvent): void => {
    if (event.defaultPrevented || !carriesFiles(event.dataTransfer)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
    clearTimeout(gone);
    gone = setTimeout(() => onDrag(false), GONE);
    onDrag(true);
  };
  const leave = (event: DragEvent): void => {
    // Only leaving the window counts, not moving from one element to the next.
    if (!event.relatedTarget) rest();
  };
  const drop = (event: DragEvent): void => {
    rest();
    if (event.defaultPrevented || !carriesFiles(event.dataTransfer)) return;
    event.preventDefault();
    const files = filesFrom(event.dataTransfer);
    if (files.length) onPictures(files);
  };
  const paste = (event: ClipboardEvent): void => {
    if (event.defaultPrevented) return;
    const files = filesFrom(event.clipboardData);
    // Office programs copy a picture of the text along with the text: in a text field the text is wanted.
    const field = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
    if (!files.length || (field && event.clipboardData?.getData("text/plain").trim())) return;
    event.preventDefault();
    onPictures(files);
  };
  const stop = listen(page, { dragenter: over, dragover: over, dragleave: leave, drop, paste });
  return () => {
    clearTimeout(gone);
    stop();
  };
}
