/** Progress in bytes: the transfers of a step are added up until all of them are complete. */
import type { ByteProgress } from "./assets";
import type { LoadProgress } from "./types";

interface Transfer {
  loaded: number;
  total: number;
}

interface Step {
  open: number;
  transfers: Transfer[];
  /** The timer while changes are held back. */
  timer: ReturnType<typeof setTimeout> | null;
  /** Whether the last report was that it is done. */
  ended: boolean;
}

/** Milliseconds between two reports of a step; that it is done is reported at once. */
const INTERVAL = 60;

export class Meter {
  private readonly steps = new Map<LoadProgress["step"], Step>();

  constructor(private readonly report: (progress: LoadProgress) => void) {}

  /** Count the bytes of one transfer; `total` is what is expected of it. */
  async track<T>(step: LoadProgress["step"], total: number, work: (onProgress: ByteProgress) => Promise<T>): Promise<T> {
    const state = this.steps.get(step) ?? { open: 0, transfers: [], timer: null, ended: true };
    this.steps.set(step, state);
    const transfer = { loaded: 0, total };
    state.transfers.push(transfer);
    state.open++;
    this.emit(step);
    try {
      const result = await work((loaded, size) => {
        transfer.loaded = loaded;
        transfer.total = size;
        this.emit(step);
      });
      transfer.loaded = transfer.total;
      return result;
    } finally {
      state.open--;
      this.emit(step);
      if (!state.open) state.transfers = [];
    }
  }

  /** Reports are spaced out, so that many small files do not keep the page busy with their progress. */
  private emit(name: LoadProgress["step"]): void {
    const step = this.steps.get(name)!;
    const done = step.open === 0;
    if (done ? step.ended : step.timer !== null) return;
    const sum = (key: keyof Transfer) => step.transfers.reduce((total, transfer) => total + transfer[key], 0);
    step.ended = done;
    this.report({ step: name, loaded: sum("loaded"), total: sum("total"), done });
    step.timer ??= setTimeout(() => {
      step.timer = null;
      if (step.open) this.emit(name);
    }, INTERVAL);
  }
}
