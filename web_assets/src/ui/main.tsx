/** The entry of the site's page. */
import "./styles/main.css";

import { open } from "../api";
import { keepOffline } from "./offline";
import { start } from "./start";

const root = document.getElementById("app");
if (root) keepOffline(start(open, root));
