/** Everything about results without pictures: a script of its own, which collections of pictures do not need. */
export { Card } from "./card";
export { Records } from "./list";
export { Table } from "./table";
