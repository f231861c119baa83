/** What passes between the worker, which reads files of the site, and the page, which runs the scripts that hold them. */
import type { ErrorMessage } from "../worker/messages";

export interface WantedFile {
  id: number;
  path: string;
}

export interface ReadResult {
  id: number;
  content?: string;
  error?: ErrorMessage;
}
