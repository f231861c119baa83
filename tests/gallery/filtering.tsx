/** The groups of filters, each as a collection of one field. */
import type { JSX } from "preact";

import type { Collection } from "../../web_assets/src/api/types";
import type { FacetCount, FieldDefinition, Histogram } from "../../web_assets/src/engine/types";
import { Groups } from "../../web_assets/src/ui/filters/groups";
import { FakeCollection } from "../web/fake-collection";
import { Frame } from "./frame";
import { images, never, type World } from "./world";

/** As wide as the filters beside the results. */
const WIDTH = 292;

const field = (type: FieldDefinition["type"], more: Partial<FieldDefinition> = {}): FieldDefinition => ({
  name: "subject", label: "Subject", type, fts: false, facet: type !== "number" && type !== "date", column: true, ...more,
});

const PATHS: FacetCount[] = [{ value: "Hills", count: 240, parent: true }, { value: "Rivers", count: 61, parent: true }, { value: "Towns", count: 7 }];
const BELOW: FacetCount[] = [{ value: "Hills/In the morning", count: 180 }, { value: "Hills/At night", count: 60 }];

class Counting extends FakeCollection {
  counts: FacetCount[] = [];

  override facets(_: string, { under }: Parameters<Collection["facets"]>[1] = {}): Promise<FacetCount[]> {
    return Promise.resolve(under === "Hills" ? BELOW : this.counts);
  }

  override range(): Promise<{ min: number; max: number }> {
    return Promise.resolve({ min: 1890, max: 1930 });
  }

  override histogram(_: string, { edges }: { edges: number[] }): Promise<Histogram> {
    return Promise.resolve({ counts: edges.slice(1).map((_, bin) => Math.round(40 + 38 * Math.sin(bin / 2))), whole: true });
  }
}

function counted(counts: FacetCount[], one: FieldDefinition, view = ""): World {
  return {
    images: images(2), fields: [one], view,
    collection: (...all) => Object.assign(new Counting(...all), { counts }),
  };
}

const values = (count: number): FacetCount[] => Array.from({ length: count }, (_, number) => ({ value: `subject ${String(number + 1)}`, count: 1200 - 31 * number }));
const category = field("category");

const STATES: [string, World][] = [
  ["values with counts", counted(values(5), category)],
  ["one chosen", counted(values(5), category, "#is.subject=subject+2")],
  ["one excluded", counted(values(5), category, "#not.subject=subject+3")],
  ["many values, with a search", counted(values(40), category)],
  ["a value of 10,000 characters", counted([{ value: "long ".repeat(2000), count: 3 }, { value: "x".repeat(10_000), count: 1 }], category)],
  ["estimated counts", counted(values(3).map((line) => ({ ...line, about: true as const })), category)],
  ["a tree", counted(PATHS, field("category", { separator: "/" }))],
  ["an open tree", counted(PATHS, field("category", { separator: "/" }), "#is.subject=Hills%2FAt+night")],
  ["numbers", counted([], field("number"))],
  ["numbers, a part chosen", counted([], field("number"), "#in.subject=1900..1910")],
  ["without values", counted([], category)],
  ["waiting", { ...counted([], category), collection: (...all) => new (class extends Counting { override facets(): Promise<never> { return never(); } })(...all) }],
  ["failed", { ...counted([], category), collection: (...all) => new (class extends Counting {
    override facets(): Promise<never> { return Promise.reject(new Error("A file of the values could not be loaded (status 503).")); }
  })(...all) }],
];

export function Filtering(): JSX.Element {
  return <>{STATES.map(([name, world]) => <Frame key={name} name={`Filter: ${name}`} width={WIDTH} world={world}><Groups /></Frame>)}</>;
}
