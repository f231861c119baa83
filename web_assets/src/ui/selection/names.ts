/** Names of files that every system can store. Pure. */

/** Names that Windows keeps for devices. */
const RESERVED = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])$/i;
const LONGEST = 120;

/** A name without folders and without characters that a system refuses, hides or turns round. */
function safeStem(text: string): string {
  const stem = text.normalize("NFC").replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}<>:"/\\|?*]/gu, "_").replace(/\s+/g, " ").replace(/^[. ]+|[. ]+$/g, "");
  const short = [...stem].slice(0, LONGEST).join("").replace(/[. ]+$/, "");
  return !short || RESERVED.test(short) ? `${short}_` : short;
}

/** The letters and digits behind the last dot, in small letters; empty if there are none. */
export function extensionOf(path: string): string {
  return /\.([a-z0-9]{1,5})$/i.exec(path)?.[1]?.toLowerCase() ?? "";
}

/** Gives names that differ, also where small and capital letters are the same. */
export class Names {
  readonly #taken: Set<string>;

  constructor(taken: readonly string[] = []) {
    this.#taken = new Set(taken.map((name) => name.toLowerCase()));
  }

  /** @param path of the picture; its folders and extension are left out */
  next(path: string, extension: string): string {
    const file = path.split(/[/\\]/).pop() ?? "";
    const stem = safeStem(file.replace(/\.[a-z0-9]{1,5}$/i, "") || "picture");
    const end = extension ? `.${extension}` : "";
    let name = stem + end;
    for (let n = 2; this.#taken.has(name.toLowerCase()); n++) name = `${stem} (${String(n)})${end}`;
    this.#taken.add(name.toLowerCase());
    return name;
  }
}
