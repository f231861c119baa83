/** The clipboard. */
import { messageOf } from "../../base/errors";

/** Puts a text on the clipboard that may not be ready yet, and says what happened. */
export async function copyText({ say }: { say: (text: string) => void }, text: string | Promise<string>, done: string): Promise<void> {
  try {
    // The browser must see the request at once, while the click still counts.
    if (typeof text !== "string" && typeof ClipboardItem === "function") {
      await navigator.clipboard.write([new ClipboardItem({ "text/plain": text.then((ready) => new Blob([ready], { type: "text/plain" })) })]);
    } else {
      await navigator.clipboard.writeText(await text);
    }
    say(done);
  } catch (error) {
    say(error instanceof DOMException ? "The browser did not allow copying" : messageOf(error));
  }
}
