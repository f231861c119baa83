/** What the browser says about the connection. */

export interface Connection {
  saveData?: boolean;
  effectiveType?: string;
  type?: string;
}

/** Whether bytes cost something, or the visitor asked to save data: then only what is needed now is loaded. */
export function isMetered(connection: Connection | undefined): boolean {
  return connection !== undefined && (connection.saveData === true || connection.type === "cellular");
}

/** Whether to load in advance what may never be needed: the connection is neither metered nor slow. */
export function isGenerous(connection: Connection | undefined): boolean {
  if (!connection) return true;
  return !isMetered(connection) && (connection.effectiveType === undefined || connection.effectiveType === "4g");
}

export function connectionOf(navigator: unknown): Connection | undefined {
  return (navigator as { connection?: Connection }).connection;
}
