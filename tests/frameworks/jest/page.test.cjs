/** @jest-environment jsdom */
require("./run.cjs")("jsdom");
