/** Progress of loading: correct, and not reported more often than a page can show. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Meter } from "../../web_assets/src/engine/progress";
import type { LoadProgress } from "../../web_assets/src/engine/types";

describe("the meter", () => {
  beforeEach(() => { vi.useFakeTimers(); });
  afterEach(() => { vi.useRealTimers(); });
  const setUp = () => {
    const seen: LoadProgress[] = [];
    const meter = new Meter((progress) => { seen.push(progress); });
    const load = (milliseconds: number) => meter.track("documents", 10, () => new Promise<void>((resolve) => { setTimeout(resolve, milliseconds); }));
    return { meter, seen, load };
  };

  it("reports the beginning and the end immediately", async () => {
    const { seen, load } = setUp();
    const done = load(5);
    expect(seen).toEqual([{ step: "documents", loaded: 0, total: 10, done: false }]);
    await vi.advanceTimersByTimeAsync(5);
    await done;
    expect(seen.at(-1)).toEqual({ step: "documents", loaded: 10, total: 10, done: true });
  });

  it("reports many small files at intervals, and the end once", async () => {
    const { seen, load } = setUp();
    for (let i = 0; i < 50; i++) {
      void load(3);
      await vi.advanceTimersByTimeAsync(4);
    }
    await vi.advanceTimersByTimeAsync(500);
    expect(seen.length).toBeLessThan(14);
    expect(seen.at(-1)!.done).toBe(true);
  });

  it("reports how much of a large file has arrived", async () => {
    const { meter, seen } = setUp();
    let arrived: (loaded: number, total: number) => void = () => undefined;
    let end: () => void = () => undefined;
    void meter.track("vectors", 100, (onProgress) => new Promise<void>((resolve) => {
      arrived = onProgress;
      end = resolve;
    }));
    arrived(10, 100);
    arrived(40, 100);
    expect(seen).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(100);
    expect(seen.at(-1)).toEqual({ step: "vectors", loaded: 40, total: 100, done: false });
    end();
    await vi.advanceTimersByTimeAsync(0);
    expect(seen.at(-1)).toEqual({ step: "vectors", loaded: 100, total: 100, done: true });
  });
});
