/** What an open picture has beside the picture itself, as one script that is loaded with the first one. */
export { Zoomed } from "./deep";
export { Similar, SameTime } from "./near";
export { Strip } from "./strip";
export { ActionTools, StageTools } from "./tools";
