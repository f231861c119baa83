// Searches of the same rows by others, and the scan kernel, in a page. Each gives milliseconds of single queries.
const K = 10;
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const fetched = async (path) => (await fetch(path)).arrayBuffer();

async function loaded(dim) {
  const [rows, queries, truth] = await Promise.all(["rows.bin", "queries.bin", "truth.bin"].map(fetched));
  const f = new Float32Array(rows);
  const q = new Float32Array(queries);
  return {
    f,
    dim,
    count: f.length / dim,
    queries: Array.from({ length: q.length / dim }, (_, i) => q.subarray(i * dim, (i + 1) * dim)),
    truth: new Int32Array(truth),
  };
}

/** p50 and recall of `ask`, which gives the rows nearest to a query. */
async function asked({ queries, truth }, ask, most = queries.length) {
  await ask(queries[0]);
  const spent = [];
  let right = 0;
  for (let i = 0; i < Math.min(most, queries.length); i++) {
    const begun = performance.now();
    const found = await ask(queries[i]);
    spent.push(performance.now() - begun);
    const wanted = new Set(truth.subarray(i * K, i * K + K));
    for (const row of found.slice(0, K)) right += wanted.has(Number(row));
  }
  return { p50_ms: Math.round(100 * median(spent)) / 100, recall: Math.round(1000 * right / spent.length / K) / 1000 };
}

async function timed(work) {
  const begun = performance.now();
  const result = await work();
  return [result, Math.round(performance.now() - begun)];
}

/** A plain loop over float32 values that keeps the best ten. */
export async function loop(dim) {
  const data = await loaded(dim);
  const { f, count } = data;
  return asked(data, (q) => {
    const best = new Float32Array(K).fill(-9);
    const rows = new Int32Array(K);
    for (let i = 0, at = 0; i < count; i++) {
      let s = 0;
      for (let d = 0; d < dim; d++) s += f[at++] * q[d];
      if (s <= best[K - 1]) continue;
      let p = K - 1;
      for (; p && best[p - 1] < s; p--) {
        best[p] = best[p - 1];
        rows[p] = rows[p - 1];
      }
      best[p] = s;
      rows[p] = i;
    }
    return [...rows];
  });
}

/** This project's kernel on int8 codes of the same rows. */
export async function kernel(dim) {
  const data = await loaded(dim);
  const { f, count } = data;
  const { createScanner, SimilarityIndex } = await import("/kernel.js");
  const mean = new Float32Array(dim);
  const scale = new Float32Array(dim);
  for (let i = 0; i < f.length; i++) mean[i % dim] += f[i] / count;
  for (let i = 0; i < f.length; i++) scale[i % dim] = Math.max(scale[i % dim], Math.abs(f[i] - mean[i % dim]) / 127);
  const codes = new Int8Array(4 * dim * Math.ceil(count / 4));
  for (let row = 0, at = 0; row < count; row++) {
    for (let d = 0; d < dim; d++, at++) {
      codes[(row >> 2) * 4 * dim + (d >> 4) * 64 + (row & 3) * 16 + (d & 15)] = Math.round((f[at] - mean[d]) / scale[d]);
    }
  }
  const index = new SimilarityIndex(await createScanner(codes, count, dim), { dim, mean, scale });
  return asked(data, (q) => [...index.search(q, K).rows]);
}

export async function orama(dim) {
  const data = await loaded(dim);
  const { f, count } = data;
  const { create, insertMultiple, searchVector } = await import("/node_modules/@orama/orama/dist/browser/index.js");
  const db = create({ schema: { n: "number", embedding: `vector[${dim}]` } });
  const documents = Array.from({ length: count }, (_, n) => ({ id: String(n), n, embedding: Array.from(f.subarray(n * dim, (n + 1) * dim)) }));
  const [, build_ms] = await timed(() => insertMultiple(db, documents, 5000));
  const ask = async (q) => {
    const vector = { value: Array.from(q), property: "embedding" };
    const { hits } = await searchVector(db, { vector, similarity: 0, limit: K, includeVectors: false });
    return hits.map((hit) => hit.document.n);
  };
  return { build_ms, ...(await asked(data, ask, 10)) };
}

export async function sqliteVec(dim) {
  const data = await loaded(dim);
  const { f, count } = data;
  const { default: start } = await import("/node_modules/sqlite-vec-wasm-demo/sqlite3.mjs");
  const db = new (await start()).oo1.DB(":memory:");
  db.exec(`create virtual table v using vec0(e float[${dim}] distance_metric=cosine)`);
  const bytes = (x) => new Uint8Array(x.buffer, x.byteOffset, x.byteLength).slice();
  const [, build_ms] = await timed(async () => {
    const insert = db.prepare("insert into v(rowid, e) values(?, ?)");
    db.exec("begin");
    for (let i = 0; i < count; i++) insert.bind(1, i + 1).bind(2, bytes(f.subarray(i * dim, (i + 1) * dim))).stepReset();
    db.exec("commit");
    insert.finalize();
  });
  const query = db.prepare(`select rowid from v where e match ? order by distance limit ${K}`);
  const ask = (q) => {
    const rows = [];
    query.reset();
    query.bind(1, bytes(q));
    while (query.step()) rows.push(query.get(0) - 1);
    return rows;
  };
  return { build_ms, ...(await asked(data, ask, 10)) };
}

export async function hnswlib(dim) {
  const data = await loaded(dim);
  const { f, count } = data;
  const { loadHnswlib } = await import("/node_modules/hnswlib-wasm/dist/hnswlib.js");
  const library = await loadHnswlib();
  const index = new library.HierarchicalNSW("ip", dim, "");
  index.initIndex(count, 16, 100, 1);
  const [, build_ms] = await timed(async () => {
    for (let i = 0; i < count; i += 1000) {
      const some = Array.from({ length: Math.min(1000, count - i) }, (_, j) => f.subarray((i + j) * dim, (i + j + 1) * dim));
      index.addItems(some, true);
    }
  });
  const found = { build_ms };
  for (const ef of [50, 200]) {
    index.setEfSearch(ef);
    found[`ef${ef}`] = await asked(data, (q) => index.searchKnn(q, K, undefined).neighbors);
  }
  return found;
}

/** Milliseconds of warm searches of random codes, and the part of the speed of reading memory that they have. */
export async function scan(count, dim) {
  const { allocateScanner, SimilarityIndex } = await import("/kernel.js");
  const scanner = await allocateScanner(count, dim);
  const noise = crypto.getRandomValues(new Uint8Array(65536));
  for (let at = 0; at < scanner.codes.length; at += noise.length) {
    for (let i = 0; i < noise.length && at + i < scanner.codes.length; i++) scanner.codes[at + i] = Math.max(-127, noise[(i + at) & 65535] - 128);
  }
  const index = new SimilarityIndex(scanner, { dim, mean: new Float32Array(dim), scale: new Float32Array(dim).fill(1 / 127) });
  const pages = Math.ceil(scanner.codes.length / 65536);
  const memory = new WebAssembly.Memory({ initial: pages });
  new Int8Array(memory.buffer).fill(1);
  const { instance } = await WebAssembly.instantiate(await fetched("/read.wasm"), { env: { memory } });
  const scans = [];
  const reads = [];
  // By turns, so that what else runs on the machine slows both down.
  for (let turn = 0; turn < 25; turn++) {
    const query = Float32Array.from({ length: dim }, () => Math.random() - 0.5);
    let begun = performance.now();
    index.search(query, 200);
    scans.push(performance.now() - begun);
    begun = performance.now();
    instance.exports.read(0, pages * 65536);
    reads.push(performance.now() - begun);
  }
  return {
    backend: scanner.backend,
    p50_ms: Math.round(100 * median(scans)) / 100,
    best_ms: Math.round(100 * Math.min(...scans)) / 100,
    read_gb_s: Math.round((pages * 65536) / median(reads) / 1e5) / 10,
    share: Math.round(1000 * median(reads) / median(scans)) / 1000,
    best_share: Math.round(1000 * Math.min(...reads) / Math.min(...scans)) / 1000,
  };
}
