/** The sentences for everything that can keep the application from starting. */
import { VERSIONS } from "./browser";
import type { Finding } from "./program";
import type { Message } from "./types";

const TRY = "Try again";
const count = (number: number): string => number.toLocaleString("en");

/** @param folder the site's folder on the disk */
export function fromFile(folder: string): Message {
  return {
    title: "This page does not work when it is opened as a file",
    text: [
      "Browsers do not run this program from a folder. To see the collection on this computer, run this command in a terminal:",
      "You can also upload the folder to a web host, or build it again with --portable, which makes a folder that works by double-click.",
    ],
    code: 'imagedb-site serve "' + folder + '"',
  };
}

/** @param path of a file of a portable site that was opened from the disk */
export function fromDisk(path: string): Message {
  return {
    title: "A part of this page is missing",
    text: ["This file is missing, or it cannot be read. If the folder is still in a ZIP file, unpack it first. Otherwise copy the whole folder again, or use another browser."],
    code: path, button: TRY,
  };
}

export function oldBrowser(missing: "old" | "webassembly"): Message {
  return missing === "old"
    ? {
      title: "This browser is too old for this page",
      text: ["Update it or use another one. These work, and newer versions: " + VERSIONS + "."],
    }
    : {
      title: "This page needs WebAssembly",
      text: ["It is turned off in this browser (Lockdown Mode does this), or the browser is too old. Allow it for this site, or use another browser. "
        + "These work, and newer versions: " + VERSIONS + "."],
    };
}

export function inSandbox(address: string): Message {
  return {
    title: "This page cannot run in this frame",
    text: ["The page around it does not let it load its own files. Open it in a tab of its own:"],
    link: address,
  };
}

export function updated(): Message {
  return { title: "This site was updated", text: ["Reload the page to see the new version."], button: "Reload" };
}

export function cutPage(): Message {
  return { title: "The page arrived incomplete", text: ["The connection was interrupted. Load it again."], button: TRY };
}

/**
 * A file arrives as it was published, and still it did not run.
 * @param policy whether the browser reported that a policy forbids it
 */
export function blocked(path: string, policy: boolean): Message {
  return {
    title: "A part of this page did not run",
    text: [policy
      ? "A Content-Security-Policy that the host sends does not allow this file. The owner of the site must change it."
      : "This file is all right now, so trying again may help. If it does not, an extension or a setting of the browser blocks it: allow scripts for this site."],
    code: path, button: TRY,
  };
}

export function stopped(message: string, path: string): Message {
  return {
    title: "The page stopped with an error",
    text: [message, "Try again. If it happens every time, tell the owner of the site."],
    code: path, button: TRY,
  };
}

/** @param again whether the file was fetched again and is still not right */
export function faulty({ file, fault, status, type, length }: Finding, again: boolean): Message {
  const still = again ? "It was requested again and is still not right. " : "";
  switch (fault) {
    case "missing":
      return {
        title: "A part of this page is missing",
        text: [still + "The host answered with HTTP status " + String(status) + " for this file. If trying again does not help, the site must be uploaded again, with all its files."],
        code: file.path, button: TRY,
      };
    case "type":
      return {
        title: "The host sends a part of this page with the wrong type",
        text: ["This file arrives as “" + type + "”, and browsers refuse it. The owner of the site must make the host send "
          + (/css$/.test(file.path) ? ".css files as “text/css”." : ".js files as “text/javascript”.")],
        code: file.path, button: TRY,
      };
    case "cut":
      return {
        title: "A part of this page arrived incomplete",
        text: [still + count(length) + " of " + count(file.bytes) + " bytes of this file arrived. Try again."],
        code: file.path, button: TRY,
      };
    case "changed":
      return {
        title: "A part of this page arrived changed",
        text: [still + "This file is not the one that was published, so it was not run. If the host minifies or rewrites JavaScript, the owner of the site must turn that off."],
        code: file.path, button: TRY,
      };
    default:
      return {
        title: "A part of this page cannot be reached",
        text: ["Check the connection and try again."],
        code: file.path, button: TRY,
      };
  }
}

/** The same in one sentence, for the application. */
export function sentence({ file, fault, status, type, length }: Finding): string {
  switch (fault) {
    case "": return "";
    case "missing": return file.path + " is missing (HTTP " + String(status) + ").";
    case "type": return "The host sends " + file.path + " with the wrong type, “" + type + "”.";
    case "cut": return file.path + " arrived incomplete (" + count(length) + " of " + count(file.bytes) + " bytes).";
    case "changed": return file.path + " is not the file that was published.";
    case "unreachable": return file.path + " cannot be reached. Check the connection.";
  }
}
