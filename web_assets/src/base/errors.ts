/** Errors in words. */

/** A part of the program that is loaded when it is needed did not arrive, or arrived damaged. */
export class ProgramError extends Error {
  override readonly name: string = "ProgramError";
}

type Listener = (lasting: boolean) => void;

const listeners = new Set<Listener>();

/**
 * Call `listener` when a part of the program could not be loaded, also if the error is handled elsewhere. `lasting`: only another
 * worker can load it.
 */
export function onProgramError(listener: Listener): void {
  listeners.add(listener);
}

/**
 * A module that is loaded when it is needed.
 * @param names exports that it must have: a script of another file has others
 * @throws ProgramError if it cannot be loaded
 */
export async function part<Module extends object>(module: Promise<Module>, ...names: (keyof Module)[]): Promise<Module> {
  try {
    const loaded = await module;
    for (const name of names) if (loaded[name] === undefined) throw new Error(`The script has no “${String(name)}”.`);
    return loaded;
  } catch (cause) {
    // A script that could not be fetched is fetched again by the next import. One that is damaged is remembered.
    const lasting = !(cause instanceof TypeError && /fetch|import|load/i.test(cause.message));
    for (const listener of listeners) listener(lasting);
    throw new ProgramError("A part of the program could not be loaded. Try again.", { cause });
  }
}

/** The message of a thrown value. */
export function messageOf(error: unknown): string {
  if (error instanceof Error && error.message) return error.message;
  return typeof error === "string" && error ? error : "Something went wrong.";
}
