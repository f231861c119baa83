/** `open` for a page from the disk: the engine runs in a worker made of its own text, and the page reads the files for it. */
import { openWorker } from "../api/collection";
import type { Open } from "../api/types";
import type { WorkerLike } from "../worker/client";
import { encodeError } from "../worker/messages";
import type { ScriptFiles } from "./files";
import type { Host } from "./host";
import type { ReadResult, WantedFile } from "./messages";

export function openFrom(host: Host, files: ScriptFiles): Open {
  return async (url, options = {}) => {
    await host.ready;
    return await openWorker(() => startWorker(host, files), url, options);
  };
}

function startWorker(host: Host, files: ScriptFiles): WorkerLike {
  const code = new Blob([`(${String(host.engine)})()`], { type: "text/javascript" });
  const address = URL.createObjectURL(code);
  const worker = new Worker(host.trusted(address), { name: "imagedb" });
  setTimeout(() => { URL.revokeObjectURL(address); }, 60_000);
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }: MessageEvent<WantedFile>) => {
    const { id, path } = data;
    files.read(path).then(
      (content) => { port1.postMessage({ id, content } satisfies ReadResult); },
      (error: unknown) => { port1.postMessage({ id, error: encodeError(error) } satisfies ReadResult); },
    );
  };
  worker.postMessage(null, [port2]);
  return worker;
}
