/** @jest-environment node */
require("./run.cjs")("node");
