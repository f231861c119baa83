/** The files of a site by purpose, as far as their index files are in the cache. */
import { FileList, type Load } from "../format/lists";
import { columnFiles, readColumnsIndex, type ColumnEntry } from "../format/column-index";
import { entriesIn, type FileEntry } from "../format/entry";
import type { FileListEntry, Manifest } from "../format/manifest";
import { readModelIndex } from "../format/model-index";

export interface Parts {
  rows: FileEntry[];
  ids: FileEntry[];
  vectors: FileEntry[];
  /** What a first answer by meaning needs of the vectors. */
  coarse: FileEntry[];
  /** What every search by meaning needs at the tier `cells`, beside some of its cells. */
  cells: FileEntry[];
  columns: FileEntry[];
  /** The map of meaning. */
  map: FileEntry[];
  /** Full text. */
  catalog: FileEntry[];
  documents: FileEntry[];
  /** What text searches need apart from token rows: tokenizer, words, text tower. */
  text: FileEntry[];
  tokens: FileEntry[];
  /** Static rows, which answer before the text tower has loaded. */
  staticRows: FileEntry[];
}

/** Longer lists are not read: they have too many files to request each of them. Without the groups of cells nothing is found offline. */
const [LONGEST_LIST, MOST_GROUPS] = [1024, 4096];

/**
 * The files that a manifest's index files list. A part whose index is missing is empty.
 * @param read gives the decoded content of an index file
 */
export async function partsOf(manifest: Manifest, read: Load): Promise<Parts> {
  const { catalog, columns, model, order, vectors } = manifest;
  const none = (): FileEntry[] => [];
  const listed = async (list: FileListEntry | undefined, longest = LONGEST_LIST): Promise<FileEntry[]> =>
    (list && list.count <= longest ? await new FileList(list, read).entries().catch(none) : []);
  const column = async (entry: ColumnEntry): Promise<FileEntry[]> => {
    const lists = entry.values ? [entry.values.names, ...entry.values.sets] : [];
    return [...columnFiles(entry), ...(await Promise.all(lists.map((list) => listed(list ?? undefined)))).flat()];
  };
  const named = async (): Promise<FileEntry[]> => {
    if (!columns) return [];
    const content = await read(columns).catch(() => null);
    const entries = content ? readColumnsIndex(content, manifest.fields, manifest.collection.count).values() : [];
    return (await Promise.all(Array.from(entries, column))).flat();
  };
  const modelFiles = async (): Promise<Pick<Parts, "text" | "tokens" | "staticRows">> => {
    if (!model) return { text: [], tokens: [], staticRows: [] };
    const { pack, files } = readModelIndex(await read(model.file), model);
    const entries = (names: (string | undefined)[]) => names.flatMap((name) => files.get(name ?? "") ?? []);
    const text = [...entries([pack.tokenizer.file]), ...(model.words ? [model.words] : []), ...entries([pack.text.file, ...pack.text.weights ?? []])];
    return { text, tokens: entries(pack.tokens.shards), staticRows: await listed(model.static?.files) };
  };
  const codes = vectors?.tier === "cells" ? [listed(vectors.groups, MOST_GROUPS), listed(vectors.row_cells.files)] : [listed(vectors?.coarse?.files)];
  const { map } = manifest;
  const mapped = async (): Promise<FileEntry[]> => (map
    ? [map.topics.file, ...(await Promise.all([listed(map.flat), listed(map.row_topics), listed(map.space ?? undefined)])).flat()]
    : []);
  const words = [catalog.terms, catalog.lengths, catalog.places, ...(catalog.pieces ? [catalog.pieces] : [])];
  const [rows, ordered, ids, vectorFiles, coarseFiles, namedFiles, documents, text, parts, mapFiles] = await Promise.all([
    listed(manifest.rows.files), listed(order?.files), listed(manifest.ids.files), listed(vectors?.files), Promise.all(codes), named(), listed(manifest.documents.files),
    Promise.all(words.map(({ files }) => listed(files))), modelFiles().catch(() => ({ text: [], tokens: [], staticRows: [] })), mapped(),
  ]);
  const shared = vectors ? [vectors.quantizer, ...[vectors.missing, vectors.texts].flatMap((set) => set?.file ?? [])] : [];
  return {
    rows: [...rows, ...ordered], ids, ...vectorParts(vectors, shared, coarseFiles.flat(), vectorFiles), columns: namedFiles, documents, map: mapFiles,
    catalog: [catalog.terms.first, ...text.flat()], ...parts,
  };
}

function vectorParts(vectors: Manifest["vectors"], shared: FileEntry[], coarse: FileEntry[], files: FileEntry[]): Pick<Parts, "vectors" | "coarse" | "cells"> {
  // All files that are not in a list.
  if (vectors?.tier === "cells") return { cells: entriesIn(vectors).filter(({ index }) => !index), coarse, vectors: files };
  return vectors?.coarse
    ? { cells: [], coarse: [...shared, vectors.coarse.file, ...coarse], vectors: files }
    : { cells: [], coarse: [], vectors: [...shared, ...files] };
}
