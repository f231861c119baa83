/** The program's files: whether they arrive as they were published, and how copies that did not are replaced. */
import type { ProgramFile } from "./types";

/** Why a file cannot be used; "" if it can. */
export type Fault = "" | "unreachable" | "missing" | "type" | "cut" | "changed";

export interface Finding {
  file: ProgramFile;
  fault: Fault;
  /** The HTTP status, or 0. */
  status: number;
  /** The MIME type that the host sends. */
  type: string;
  /** How many bytes arrived. */
  length: number;
  /** A copy of the response, for caches. */
  copy: Response | null;
}

const TYPES: Record<string, RegExp> = { js: /^(text|application)\/(x-)?(java|ecma)script/i, css: /^text\/css/i };

/** The list in the page; empty if it is missing or damaged. */
export function listedFiles(page: Document): ProgramFile[] {
  try {
    return JSON.parse(page.getElementById("imagedb-program")!.textContent!) as ProgramFile[];
  } catch {
    return [];
  }
}

/** Fetches a file and compares it with what was published. Never rejects. */
export function inspect(file: ProgramFile, cache: RequestCache): Promise<Finding> {
  const finding: Finding = { file, fault: "unreachable", status: 0, type: "", length: 0, copy: null };
  return fetch(file.path, { cache }).then((response) => {
    finding.status = response.status;
    finding.type = response.headers.get("content-type") || "";
    finding.copy = response.clone();
    if (response.status !== 200) {
      finding.fault = "missing";
      return finding;
    }
    return response.arrayBuffer().then((content) => {
      finding.length = content.byteLength;
      const wanted = TYPES[file.path.split(".").pop()!];
      return sha256(content).then((hash) => {
        if (content.byteLength !== file.bytes) finding.fault = content.byteLength < file.bytes ? "cut" : "changed";
        else if (hash && hash !== file.sha256) finding.fault = "changed";
        else finding.fault = wanted && !wanted.test(finding.type) ? "type" : "";
        return finding;
      });
    });
  }).then(null, () => finding);
}

/** Hexadecimal; "" if the browser cannot tell, as on plain http. */
function sha256(content: ArrayBuffer): Promise<string> {
  const { subtle } = window.crypto as { subtle?: SubtleCrypto };
  if (!subtle) return Promise.resolve("");
  return subtle.digest("SHA-256", content).then((digest) => {
    const bytes = new Uint8Array(digest);
    let text = "";
    for (let i = 0; i < bytes.length; i++) text += (bytes[i]! + 256).toString(16).slice(1);
    return text;
  });
}

/**
 * Replaces the copies of a file that the service worker keeps with one that has just arrived. Other sites on the host
 * have other addresses, so every cache may be searched. Never rejects.
 */
export function replaceCopies(url: string, copy: Response): Promise<unknown> {
  return Promise.resolve().then(() => caches.keys()).then((names) => Promise.all(names.map((name) =>
    caches.open(name).then((cache) => cache.match(url).then((known) => (known ? cache.put(url, copy.clone()) : undefined)))
  ))).then(null, () => undefined);
}
