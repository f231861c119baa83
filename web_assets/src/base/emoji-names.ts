/** The names of emoji: Unicode's, from the file that the builder reads as well. Import it only when a text has an emoji. */
import lines from "../../../builder/imagedb_site/emoji_names.txt?raw";

/** The name of each sequence without variation selectors and skin tones. */
export const names: ReadonlyMap<string, string> = new Map(lines.split("\n").filter(Boolean).map((line) => {
  const space = line.indexOf(" ");
  return [line.slice(0, space), line.slice(space + 1)];
}));
