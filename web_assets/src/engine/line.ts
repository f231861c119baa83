/**
 * The order of requests. Visitors on slow lines get what they see next first: a request starts only when nothing of an earlier
 * stage is under way or expected, and a long transfer of a later stage makes room.
 */

import type { LoadOptions } from "../format/load";

/**
 * What requests are for, the most urgent first: what is on screen (rows, details, filters), results by words, first results by
 * meaning (coarse vectors, word vectors), final results (text tower, its runtime).
 */
export const STAGES = ["view", "words", "coarse", "refine"] as const;
export type Stage = (typeof STAGES)[number];

/** What the work of a job gets. */
export interface Turn {
  /** Aborted if the job has to make room; it then runs again later. */
  signal: AbortSignal;
  /** For `fetch`: hosts with HTTP/2 send urgent answers first. */
  priority: NonNullable<LoadOptions["priority"]>;
  onProgress: (loaded: number, total: number) => void;
}

interface Job {
  stage: number;
  start: () => void;
  /** How often it has made room. */
  yielded: number;
}

interface Running extends Job {
  abort: AbortController;
  since: number;
  loaded: number;
  total: number;
}

const PRIORITY: Record<Stage, Turn["priority"]> = { view: "high", words: "high", coarse: "auto", refine: "low" };
/** How many requests run at the same time. Those for first results are many and small at the tier `cells`. */
const PARALLEL: Record<Stage, number> = { view: 8, words: 8, coarse: 48, refine: 2 };
/** A transfer makes room if the rest of it would take longer than this (ms), and less than half of it has arrived … */
const LONG_MS = 1000;
/** … but not more often than this, so that it ends. */
const MOST_YIELDS = 2;
/** How long (ms) requests are expected that do not come. */
const PATIENCE_MS = 4000;

const MADE_ROOM = new Error("Another request is more urgent.");

export class Line {
  private readonly waiting: Job[] = [];
  private readonly running = new Set<Running>();
  /** For each stage how many announcements of further requests there are. */
  private readonly expected = STAGES.map(() => 0);

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Run `work` in its turn, and again if it had to make room. Rejects with what `work` throws. */
  run<T>(stage: Stage, work: (turn: Turn) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const job: Job = {
        stage: STAGES.indexOf(stage), yielded: 0,
        start: () => {
          const running: Running = Object.assign(job, { abort: new AbortController(), since: this.now(), loaded: 0, total: 0 });
          this.running.add(running);
          const turn: Turn = {
            signal: running.abort.signal, priority: PRIORITY[stage],
            onProgress: (loaded, total) => { Object.assign(running, { loaded, total }); },
          };
          work(turn).then(resolve, (error: unknown) => {
            if (error !== MADE_ROOM) reject(error);
            else this.enqueue(job, true);
          }).finally(() => {
            this.running.delete(running);
            this.pump(job.stage);
            // What has arrived often names the next file of its stage: that one is asked for before a later stage begins.
            setTimeout(() => { this.pump(); });
          });
        },
      };
      this.enqueue(job, false);
      this.pump();
    });
  }

  /** Resolves when a request of this stage could start. */
  turn(stage: Stage): Promise<void> {
    return this.run(stage, () => Promise.resolve());
  }

  /** Expect requests of a stage until a promise is settled: later stages wait so long, but not for ever. */
  expect(stage: Stage, until: Promise<unknown>, patience = PATIENCE_MS): void {
    const place = STAGES.indexOf(stage);
    this.expected[place]!++;
    let open = true;
    const end = (): void => {
      if (!open) return;
      open = false;
      clearTimeout(timer);
      this.expected[place]!--;
      this.pump();
    };
    const timer = setTimeout(end, patience);
    until.then(end, end);
  }

  private enqueue(job: Job, first: boolean): void {
    const at = this.waiting.findIndex(({ stage }) => (first ? stage >= job.stage : stage > job.stage));
    this.waiting.splice(at < 0 ? this.waiting.length : at, 0, job);
    if (!first) this.makeRoom(job.stage);
  }

  /** Start what may start, of no later stage than `last`. */
  private pump(last: number = STAGES.length): void {
    for (let job = this.waiting[0]; job && job.stage <= last && this.mayStart(job.stage); job = this.waiting[0]) {
      this.waiting.shift();
      job.start();
    }
  }

  private mayStart(stage: number): boolean {
    let busy = 0;
    for (const job of this.running) {
      if (job.stage < stage) return false;
      if (job.stage === stage) busy++;
    }
    return busy < PARALLEL[STAGES[stage]!] && !this.expected.slice(0, stage).some((count) => count > 0);
  }

  /** Stop transfers of later stages that would share the line for long. */
  private makeRoom(stage: number): void {
    for (const job of this.running) {
      const { loaded, total } = job;
      if (job.stage <= stage || job.yielded >= MOST_YIELDS || 2 * loaded >= total) continue;
      const left = loaded ? ((this.now() - job.since) * (total - loaded)) / loaded : Infinity;
      if (left < LONG_MS) continue;
      job.yielded++;
      job.abort.abort(MADE_ROOM);
    }
  }
}
