/** The script of the map, loaded when it is going to be shown. */
import { Later } from "../parts/later";

export const mapView = new Later(() => import("./map-view"), "MapView");
