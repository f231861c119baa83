/** The description of the HTTP API, from the file that the builder reads as well (builder/imagedb_site/api.json). */
import text from "../../../builder/imagedb_site/api.json?raw";

export interface Parameter {
  name: string;
  type: "text" | "integer" | "choice" | "share" | "lenient";
  /** Null if it may be left out. */
  default: string | number | null;
  required: boolean;
  min: number;
  max: number;
  values: string[];
}

export interface Route {
  name: string;
  method: string;
  /** The parts of the path; those in braces are parameters. */
  parts: string[];
  path: string;
  /** The key of messages in the JSON of errors. */
  error: string;
  body: boolean;
  query: Parameter[];
}

type Given = Partial<Omit<Parameter, "name">>;
interface Table {
  parts: string[];
  longest_query: number;
  largest_body: number;
  groups: Record<string, { error: string }>;
  parameters: Record<string, Given>;
  routes: { name: string; method?: string; path: string; group: string; body?: string; query?: Record<string, Given> }[];
}

const table = JSON.parse(text) as Table;
const known = new Map(Object.entries(table.parameters));
const groups = new Map(Object.entries(table.groups));

export const PARTS: readonly string[] = table.parts;
/** The longest text of a parameter, in code points. */
export const LONGEST_QUERY = table.longest_query;
/** The largest body, in bytes. */
export const LARGEST_BODY = table.largest_body;

export const ROUTES: readonly Route[] = table.routes.map(({ name, method = "GET", path, group, body, query = {} }) => ({
  name, method, path, parts: path.slice(1).split("/"), error: groups.get(group)!.error, body: body !== undefined,
  query: Object.entries(query).map(([name, given]) => ({
    name, type: "text" as const, default: null, required: false, min: 0, max: 0, values: [], ...known.get(name), ...given,
  })),
}));
