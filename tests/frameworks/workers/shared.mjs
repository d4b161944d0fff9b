import { answer } from "./cases.mjs";

self.onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data }) => port.postMessage(answer(data));
};
