// The same test in both of Jest's environments.
const fs = require("node:fs");
const pik = require("pik-client");
const { openQueue } = require("pik-client/queue");
const { check, ofPackage } = require("./check.cjs");

module.exports = (environment) => {
  test("jsdom lacks what the package must do without", () => {
    expect(typeof TextDecoder).toBe(environment === "jsdom" ? "undefined" : "function");
    expect(typeof openQueue).toBe("function");
  });

  test("all cases", () => {
    for (const path of process.env.PIK_CASES.split(":")) {
      const result = check(fs.readFileSync(path, "utf8"), ofPackage(pik));
      expect(result.told).toEqual([]);
      expect(result.compared).toBeGreaterThan(0);
      fs.appendFileSync(process.env.PIK_RESULTS, `${JSON.stringify({ environment, result })}\n`);
    }
  });

  test("a client without fetch and Headers sends with what it is given", async () => {
    const event = { source: "demo", event_type: "heartbeat", entity_id: "ü😀", event_time: new Date(0), payload: "€" };
    const sent = [];
    const fetch = async (url, init) => {
      sent.push({ url, text: Buffer.from(init.body).toString() });
      const answer = { event_id: pik.eventId(event), status: "ACCEPTED", ingest_lag_ms: 1, s3_key: "raw/…" };
      return { status: 200, type: "basic", headers: { get: () => null }, text: async () => JSON.stringify(answer) };
    };
    const client = new pik.IngestClient({ url: "http://localhost:8080", token: "secret", fetch });
    expect((await client.ingest(event)).status).toBe("ACCEPTED");
    expect(sent).toEqual([{ url: "http://localhost:8080/ingest", text: JSON.stringify(event) }]);
  });
};
