/** What can be asked of the additions of a collection. The worker bridge is derived from this interface and its table. */
import type { AddOutcome, AdditionChange, AdditionsState, ImportOutcome, NewPicture } from "./types";

/** Every method rejects with an error named `AdditionsError` if the device refuses; its message is for the person. */
export interface AdditionsMethods {
  /** What is stored now. */
  state(): Promise<AdditionsState>;
  /** Embed a picture on this device and make it part of the collection here. */
  add(picture: NewPicture): Promise<AddOutcome>;
  /** Change caption and tags. */
  edit(id: string, change: AdditionChange): Promise<void>;
  /** Remove pictures; they can be restored for ten minutes. */
  remove(ids: string[]): Promise<void>;
  /** Bring removed pictures back. */
  restore(ids: string[]): Promise<void>;
  /** The file as it was added. */
  original(id: string): Promise<Blob>;
  /** All additions as one bundle for `imagedb-site add` (docs/FORMAT.md, "Bundles"). */
  export(): Promise<Blob>;
  /** Add the pictures of a bundle, for instance from another device. */
  import(file: Blob): Promise<ImportOutcome>;
}
