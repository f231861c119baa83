/** The script of the list, the table and the cards of records, loaded when one of them is going to be shown. */
import { Later } from "../parts/later";

export const readable = new Later(() => import("./list"), "Card", "Records", "Table");
