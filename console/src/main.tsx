/** Where the page starts. */

import { render } from "preact";

import { Frame } from "./app/frame.tsx";
import "./style/index.css";

render(<Frame />, document.getElementById("app") as HTMLElement);
