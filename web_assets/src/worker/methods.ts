/** The methods that pass between page and worker, by name. Both sides are derived from these tables. */
import type { AdditionsMethods } from "../additions/methods";
import type { CollectionMethods } from "../engine/methods";

/** `streams`: its second argument has an abort signal and a function for provisional answers, which stay on the page's side. */
type Kind = "plain" | "streams";

const COLLECTION: Record<keyof CollectionMethods, Kind> = {
  search: "streams", rows: "plain", document: "plain", rowOf: "plain", ids: "plain", matching: "plain", highlight: "plain", facets: "plain",
  histogram: "plain", timeline: "plain", found: "plain", pagesOf: "plain", mapTopics: "plain", mapBlock: "plain", classes: "plain", range: "plain", stats: "plain", tag: "plain", sample: "plain", batch: "plain", downloads: "plain", modelCard: "plain", begin: "plain", embedText: "plain", embedImage: "plain",
  imageModelSize: "plain", suggest: "plain", correct: "plain", prepare: "plain", warm: "plain",
};
const ADDITIONS: Record<keyof AdditionsMethods, Kind> = {
  state: "plain", add: "plain", edit: "plain", remove: "plain", restore: "plain", original: "plain", export: "plain", import: "plain",
};

/** The target of a call, and its methods. */
export interface Targets {
  collection: CollectionMethods;
  additions: AdditionsMethods;
}
export type Target = keyof Targets;
export const METHODS: { [T in Target]: Record<keyof Targets[T], Kind> } = { collection: COLLECTION, additions: ADDITIONS };

/** The methods of a target, each made by `make`. */
export function derive<T extends Target>(target: T, make: (method: string, streams: boolean) => (...args: unknown[]) => unknown): Targets[T] {
  const kinds = Object.entries<Kind>(METHODS[target]);
  return Object.fromEntries(kinds.map(([method, kind]) => [method, make(method, kind === "streams")])) as unknown as Targets[T];
}

/** An object reduced to the methods of a target. */
export function methodsOf<T extends Target>(target: T, of: Targets[T]): Targets[T] {
  const functions = of as unknown as Record<string, (...args: unknown[]) => unknown>;
  return derive(target, (method) => (...args) => functions[method]!(...args));
}
