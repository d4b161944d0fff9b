import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `/collect` is the server: a page and a server of one origin need no CORS.
const server = process.env["PIK_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  server: { proxy: { "/collect": { target: server, rewrite: (path) => path.replace("/collect", "") } } },
});
