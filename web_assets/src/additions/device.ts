/** Whether this device keeps pictures at all: most do not, and then nothing more of this folder is loaded at the start. */
import { pause } from "../base/async";

export const ADDITIONS_DATABASE = "imagedb-additions";
/** How long (ms) the device may take to answer. */
const WAIT_MS = 3000;

/** Whether any site of this origin has pictures here. True if that cannot be found out. */
export function keepsPictures(): Promise<boolean> {
  return Promise.race([counted(), pause(WAIT_MS).then(() => true)]);
}

function counted(): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      const request = indexedDB.open(ADDITIONS_DATABASE);
      // The database does not exist, and is not made here.
      request.onupgradeneeded = () => { request.transaction!.abort(); };
      request.onerror = () => { resolve(request.error?.name !== "AbortError"); };
      request.onsuccess = () => {
        const database = request.result;
        const done = (some: boolean): void => {
          database.close();
          resolve(some);
        };
        const count = database.transaction("pictures").objectStore("pictures").count();
        count.onsuccess = () => { done(count.result > 0); };
        count.onerror = () => { done(true); };
      };
    } catch {
      // The search says why nothing can be stored.
      resolve(false);
    }
  });
}
