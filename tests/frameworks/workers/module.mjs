import { answer } from "./cases.mjs";

self.onmessage = ({ data }) => self.postMessage(answer(data));
