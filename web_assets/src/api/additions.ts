/** The additions of a collection behind a worker. */
import type { AddOutcome, AdditionChange, AdditionsState, ImportOutcome, NewPicture } from "../additions/types";
import type { WorkerClient } from "../worker/client";

export type { AddOutcome, AdditionChange, AdditionsState, AdditionSummary, ImportOutcome, NewPicture } from "../additions/types";

/** Every method rejects with an error named `AdditionsError` where the device refuses; its message is for the person. */
export class LocalAdditions {
  constructor(private readonly client: WorkerClient) {}

  /** What there is now. */
  state(): Promise<AdditionsState> {
    return this.client.call("additions", {});
  }

  /** Embed a picture here and make it part of the collection on this device. */
  add(picture: NewPicture): Promise<AddOutcome> {
    return this.client.call("addPicture", { picture });
  }

  async edit(imageId: string, change: AdditionChange): Promise<void> {
    await this.client.call("editAddition", { imageId, change });
  }

  async remove(imageIds: string[]): Promise<void> {
    await this.client.call("removeAdditions", { imageIds });
  }

  /** Bring removed pictures back, within ten minutes. */
  async restore(imageIds: string[]): Promise<void> {
    await this.client.call("restoreAdditions", { imageIds });
  }

  /** The file as it was added. */
  original(imageId: string): Promise<Blob> {
    return this.client.call("originalOf", { imageId });
  }

  /** All additions as one bundle for `imagedb-site add`. */
  export(): Promise<Blob> {
    return this.client.call("exportAdditions", {});
  }

  /** Take in a bundle. */
  import(file: Blob): Promise<ImportOutcome> {
    return this.client.call("importAdditions", { file });
  }

  /** Be told of every change, those of other tabs included; gives a function that ends it. */
  onChange(listener: (state: AdditionsState) => void): () => void {
    return this.client.onAdditions(listener);
  }
}
