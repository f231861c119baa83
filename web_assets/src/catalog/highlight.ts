/** Turning SQLite's marked text back into pieces of the original text. */

/**
 * `original` cut at the marks of `marked`: alternating plain and matched pieces, starting with a plain one.
 * `marked` is the original with marks and additional spaces (those around CJK characters), which are dropped.
 */
export function cut(original: string, marked: string, open: string, close: string): string[] {
  const pieces = [""];
  const add = (text: string, matched: boolean) => {
    if (!text) return;
    // Pieces at odd places are matched; what continues the last kind joins its piece.
    if ((pieces.length % 2 === 0) === matched) pieces[pieces.length - 1] += text;
    else pieces.push(text);
  };
  let at = 0;
  let inside = false;
  let spaces = "";
  for (const character of marked) {
    if (character === open || character === close) {
      inside = character === open;
    } else if (original.startsWith(character, at)) {
      at += character.length;
      if (character === " ") {
        // A space belongs to a match only if the match continues after it.
        spaces += character;
      } else {
        add(spaces, inside && pieces.length % 2 === 0);
        add(character, inside);
        spaces = "";
      }
    }
  }
  add(spaces + original.slice(at), false);
  return pieces;
}
