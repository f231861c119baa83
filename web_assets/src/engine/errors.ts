/** A request that cannot be answered as it is: an unknown field, image or row, a filter that does not fit. */
export class QueryError extends Error {
  override readonly name: string = "QueryError";
}
