/** The contract's example event, with what a test needs different in it. */
export const event = (changes = {}) => ({
  source: "demo",
  event_type: "heartbeat",
  entity_id: "user_123",
  event_time: "2025-12-28T23:59:59Z",
  payload: { steps: 10 },
  ...changes,
});

/** Its text, with this text for a payload. */
export const eventText = (payload = '{"steps":10}') =>
  JSON.stringify(event({ payload: 0 })).replace(/0}$/, () => `${payload}}`);

/** A `fetch` that answers by `answer(request)`, and the requests it got. */
export function fakeFetch(answer) {
  const requests = [];
  const fetch = async (url, init) => {
    const request = { url: String(url), ...init, headers: new Headers(init.headers), text: new TextDecoder().decode(init.body) };
    requests.push(request);
    init.signal?.throwIfAborted();
    const { status = 200, json, text = JSON.stringify(json), headers = {} } = await answer(request, requests.length);
    return new Response(text, { status, headers });
  };
  return { fetch, requests };
}

/** Has pauses take no time and notes how long they would have been. */
export function shortPauses(t) {
  const pauses = [];
  const { setTimeout } = globalThis;
  t.mock.method(globalThis, "setTimeout", (then, milliseconds, ...args) => {
    // Those of fetch take their time.
    if (!new Error().stack.includes("/dist/")) return setTimeout(then, milliseconds, ...args);
    pauses.push(milliseconds);
    return setTimeout(then, 0);
  });
  t.mock.method(Math, "random", () => 0.5);
  return pauses;
}
