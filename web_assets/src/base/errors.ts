/** Errors in words. */

/** A part of the program that is loaded when it is needed did not arrive, or arrived damaged. */
export class ProgramError extends Error {
  override readonly name: string = "ProgramError";
}

/**
 * A module that is loaded when it is needed. Browsers remember that a module failed, so only another worker can load it again.
 * @throws ProgramError if it cannot be loaded
 */
export function part<Module>(module: Promise<Module>): Promise<Module> {
  return module.catch((cause: unknown) => { throw new ProgramError("A part of the program could not be loaded. Try again.", { cause }); });
}

/** The message of a thrown value. */
export function messageOf(error: unknown): string {
  if (error instanceof Error && error.message) return error.message;
  return typeof error === "string" && error ? error : "Something went wrong.";
}
