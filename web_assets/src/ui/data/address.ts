/** What the Data page shows, as part of a link and back. Pure. */

export type DataPart = "overview" | "sample" | "pages" | "batches";
export type SplitPart = "train" | "validation" | "test";

export interface DataView {
  part: DataPart;
  /** Of the sample and of the batches: 0 … 2³² − 1. */
  seed: number;
  /** Records per sample, page or batch. */
  size: number;
  /** The page or batch, from 0. */
  number: number;
  /** Per cent of the records. */
  validation: number;
  test: number;
  split: SplitPart;
}

export const DATA_PARTS: readonly DataPart[] = ["overview", "sample", "pages", "batches"];
export const SPLIT_PARTS: readonly SplitPart[] = ["train", "validation", "test"];
export const MOST_PER_PAGE = 10_000;
export const DATA_HOME: DataView = { part: "overview", seed: 0, size: 20, number: 0, validation: 10, test: 10, split: "train" };

/** A whole number within limits; otherwise the default. */
function whole(text: string | null, low: number, high: number, other: number): number {
  if (text === null || !/^[0-9]{1,10}$/.test(text)) return other;
  const value = Number(text);
  return value >= low && value <= high ? value : other;
}

/** Reads `data`, `seed`, `size`, `n`, `validation`, `test` and `part`; null if the link is not of the Data page. */
export function parseData(parameters: URLSearchParams): DataView | null {
  const wanted = parameters.get("data");
  if (wanted === null) return null;
  const validation = whole(parameters.get("validation"), 0, 100, DATA_HOME.validation);
  const test = whole(parameters.get("test"), 0, 100, DATA_HOME.test);
  const fits = validation + test <= 100;
  return {
    part: DATA_PARTS.find((part) => part === wanted) ?? "overview",
    seed: whole(parameters.get("seed"), 0, 2 ** 32 - 1, DATA_HOME.seed),
    size: whole(parameters.get("size"), 1, MOST_PER_PAGE, DATA_HOME.size),
    number: whole(parameters.get("n"), 0, 2 ** 31, DATA_HOME.number),
    validation: fits ? validation : DATA_HOME.validation,
    test: fits ? test : DATA_HOME.test,
    split: SPLIT_PARTS.find((part) => part === parameters.get("part")) ?? "train",
  };
}

/** Writes what the part uses; everything that decides which records these are is written, also if it is the default. */
export function formatData(data: DataView, parameters: URLSearchParams): void {
  parameters.set("data", data.part === "overview" ? "" : data.part);
  if (data.part === "overview") return;
  if (data.part !== "pages") parameters.set("seed", String(data.seed));
  parameters.set("size", String(data.size));
  if (data.part === "batches") {
    parameters.set("validation", String(data.validation));
    parameters.set("test", String(data.test));
    parameters.set("part", data.split);
  }
  if (data.part !== "sample" && data.number) parameters.set("n", String(data.number));
}
