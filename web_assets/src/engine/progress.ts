/** Honest byte progress: what is under way for a step adds up until all of it has arrived. */
import type { ByteProgress } from "./assets";
import type { LoadProgress } from "./types";

interface Transfer {
  loaded: number;
  total: number;
}

export class Meter {
  private readonly steps = new Map<LoadProgress["step"], { open: number; transfers: Transfer[] }>();

  constructor(private readonly report: (progress: LoadProgress) => void) {}

  /** Count the bytes of one transfer; `total` is what is expected of it. */
  async track<T>(step: LoadProgress["step"], total: number, work: (onProgress: ByteProgress) => Promise<T>): Promise<T> {
    const state = this.steps.get(step) ?? { open: 0, transfers: [] };
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

  private emit(step: LoadProgress["step"]): void {
    const { open, transfers } = this.steps.get(step)!;
    const sum = (key: keyof Transfer) => transfers.reduce((total, transfer) => total + transfer[key], 0);
    this.report({ step, loaded: sum("loaded"), total: sum("total"), done: open === 0 });
  }
}
