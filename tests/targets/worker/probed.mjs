// An entry around the Worker's own: it fails the calls that a request's header names, and counts what calls cost.
import worker from "./index.js";

const KINDS = [["INSERT INTO event", "claim"], ["UPDATE event", "commit"], ["INSERT INTO duplicate", "duplicate"], ["SELECT", "find"]];
const kindOf = (sql) => KINDS.find(([words]) => sql.includes(words))[1];

/** One request: the calls that fail, as `put:before` or `commit:after`, and what the others cost. */
class Probe {
  constructor(request) {
    this.fault = request.headers.get("x-test-fault") ?? "";
    this.dead = false;
    this.points = [];
    this.cost = { statements: 0, rows_read: 0, rows_written: 0, puts: 0, calls: 0 };
  }

  /** Makes a call. After a fault there is no more: the request has died there. */
  async call(kind, make) {
    const gone = () => { throw new Error(`D1_ERROR: Network connection lost. (test: ${this.fault})`); };
    if (this.dead) gone();
    this.dead = this.fault.startsWith(`${kind}:`);
    if (this.fault === `${kind}:before`) gone();
    this.cost.calls++;
    const made = await make();
    if (this.fault === `${kind}:after`) gone();
    return made;
  }

  count(results) {
    for (const { meta } of results) {
      this.cost.statements++;
      this.cost.rows_read += meta.rows_read;
      this.cost.rows_written += meta.rows_written;
      this.cost.size = meta.size_after;
    }
    return results;
  }
}

class Statement {
  constructor(inner, sql, probe) {
    Object.assign(this, { inner, sql, probe });
  }
  bind(...values) {
    return new Statement(this.inner.bind(...values), this.sql, this.probe);
  }
  all() {
    return this.probe.call(kindOf(this.sql), async () => this.probe.count([await this.inner.all()])[0]);
  }
}

// The names by which the crate knows bindings.
class D1Database {
  constructor(inner, probe) {
    Object.assign(this, { inner, probe });
  }
  prepare(sql) {
    return new Statement(this.inner.prepare(sql), sql, this.probe);
  }
  batch(statements) {
    const make = async () => this.probe.count(await this.inner.batch(statements.map(({ inner }) => inner)));
    return this.probe.call(kindOf(statements[0].sql), make);
  }
}

class R2Bucket {
  constructor(inner, probe) {
    Object.assign(this, { inner, probe });
  }
  put(...args) {
    this.probe.cost.puts++;
    return this.probe.call("put", () => this.inner.put(...args));
  }
  head(key) {
    return this.probe.call("head", () => this.inner.head(key));
  }
  get(...args) {
    return this.probe.call("get", () => this.inner.get(...args));
  }
}

export default {
  async fetch(request, env, context) {
    const probe = new Probe(request);
    const probed = { ...env, DB: new D1Database(env.DB, probe), RAW: new R2Bucket(env.RAW, probe), ANALYTICS: { writeDataPoint: (point) => probe.points.push(point) } };
    const response = new Response(...(await parts(await worker.fetch(request, probed, context))));
    response.headers.set("x-test-cost", JSON.stringify(probe.cost));
    response.headers.set("x-test-points", JSON.stringify(probe.points));
    return response;
  },
};

const parts = async (response) => [await response.arrayBuffer(), { status: response.status, headers: response.headers }];
