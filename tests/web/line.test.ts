/** The order of requests: urgent stages first, later ones wait and make room. */
import { expect, test, vi } from "vitest";

import { Line, STAGES, type Stage, type Turn } from "../../web_assets/src/engine/line";

/** A line and requests that end when the test says so. */
function network() {
  const clock = { now: 0 };
  const line = new Line(() => clock.now);
  const started: string[] = [];
  const turns = new Map<string, Turn>();
  const ends = new Map<string, (error?: unknown) => void>();
  const ask = (name: string, stage: Stage): Promise<string> => line.run(stage, (turn) => {
    started.push(name);
    turns.set(name, turn);
    return new Promise<string>((resolve, reject) => {
      ends.set(name, (error) => { if (error === undefined) resolve(name); else reject(error as Error); });
      turn.signal.addEventListener("abort", () => { reject(turn.signal.reason as Error); });
    });
  });
  const settle = async (): Promise<void> => { for (let i = 0; i < 20; i++) await Promise.resolve(); };
  const end = async (name: string, error?: unknown): Promise<void> => {
    ends.get(name)!(error);
    await new Promise((resolve) => { setTimeout(resolve); });
    await settle();
  };
  return { line, clock, started, turns, ask, end, settle };
}

test("stages follow each other, whatever the order in which they are asked for", async () => {
  const { started, ask, end } = network();
  const first = ask("rows", "view");
  const rest = [...STAGES].reverse().map((stage) => ask(stage, stage));
  expect(started).toEqual(["rows", "view"]);
  await end("rows");
  await end("view");
  expect(started).toEqual(["rows", "view", "words"]);
  await end("words");
  await end("coarse");
  await end("refine");
  expect(started).toEqual(["rows", "view", "words", "coarse", "refine"]);
  expect(await Promise.all([first, ...rest])).toEqual(["rows", "refine", "coarse", "words", "view"]);
});

test("a file that names the next one of its stage is followed by it, and then by the later stage", async () => {
  const { started, ask, end } = network();
  const chain = ask("list of files", "coarse").then(async () => {
    for (let i = 0; i < 10; i++) await Promise.resolve();
    return await ask("file", "coarse");
  });
  void ask("tower", "refine");
  await end("list of files");
  expect(started).toEqual(["list of files", "file"]);
  await end("file");
  expect(await chain).toBe("file");
  await vi.waitFor(() => { expect(started).toEqual(["list of files", "file", "tower"]); });
});

test("a request of an earlier stage starts at once beside a running one", () => {
  const { started, turns, ask } = network();
  void ask("tower", "refine").catch(() => undefined);
  turns.get("tower")!.onProgress(90, 100);
  void ask("term", "words");
  expect(started).toEqual(["tower", "term"]);
  expect(turns.get("tower")!.signal.aborted).toBe(false);
  expect([turns.get("term")!.priority, turns.get("tower")!.priority]).toEqual(["high", "low"]);
});

test("a long transfer makes room and runs again, at most twice", async () => {
  const { clock, started, turns, ask, end, settle } = network();
  const tower = ask("tower", "refine");
  for (const round of [1, 2]) {
    clock.now += 2000;
    turns.get("tower")!.onProgress(10, 100);
    void ask(`term ${round}`, "words");
    expect(turns.get("tower")!.signal.aborted).toBe(true);
    await settle();
    expect(started.filter((name) => name === "tower")).toHaveLength(round);
    await end(`term ${round}`);
    expect(started.filter((name) => name === "tower")).toHaveLength(round + 1);
  }
  clock.now += 2000;
  turns.get("tower")!.onProgress(10, 100);
  void ask("term 3", "words");
  expect(turns.get("tower")!.signal.aborted).toBe(false);
  await end("tower");
  expect(await tower).toBe("tower");
});

test("a transfer that is fast, nearly complete or of the same stage does not make room", () => {
  const { clock, turns, ask } = network();
  for (const name of ["fast", "nearly"]) void ask(name, "coarse");
  void ask("same", "words");
  clock.now = 500;
  turns.get("fast")!.onProgress(40, 100);
  clock.now = 5000;
  turns.get("nearly")!.onProgress(60, 100);
  clock.now = 500;
  void ask("term", "words");
  expect(["fast", "nearly", "same"].map((name) => turns.get(name)!.signal.aborted)).toEqual([false, false, false]);
});

test("few large transfers run beside each other, and a failure makes room for the next", async () => {
  const { started, ask, end } = network();
  const failing = ask("a", "refine");
  void ask("b", "refine");
  void ask("c", "refine");
  expect(started).toEqual(["a", "b"]);
  const refused = expect(failing).rejects.toThrow("offline");
  await end("a", new Error("offline"));
  await refused;
  expect(started).toEqual(["a", "b", "c"]);
});

test("later stages wait for requests that are expected, but not for ever", async () => {
  vi.useFakeTimers();
  try {
    const { line, started, ask, settle } = network();
    let answer = (): void => undefined;
    line.expect("words", new Promise<void>((resolve) => { answer = resolve; }));
    void ask("tower", "refine");
    void ask("term", "words");
    expect(started).toEqual(["term"]);
    answer();
    await settle();
    expect(started).toEqual(["term"]);

    const other = network();
    other.line.expect("view", new Promise(() => undefined), 1500);
    void other.ask("tower", "refine");
    vi.advanceTimersByTime(1499);
    expect(other.started).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(other.started).toEqual(["tower"]);
  } finally {
    vi.useRealTimers();
  }
});
