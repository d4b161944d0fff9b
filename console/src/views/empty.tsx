/** A store without any event: how to send the first one. */

import { useState } from "preact/hooks";

import { ask, base } from "../api/request.ts";
import { go, link } from "../address.ts";
import { Copy } from "../parts/copy.tsx";
import { Failure } from "../parts/state.tsx";

const EXAMPLE = {
  source: "demo", event_type: "heartbeat", entity_id: "user_123", event_time: "2025-12-28T23:59:59Z", payload: '{"steps":10}',
};
type Field = keyof typeof EXAMPLE;

/** The form's text as a body. The payload stays the text that was typed. */
function bodyOf(event: typeof EXAMPLE): string {
  const { payload, ...rest } = event;
  return `${JSON.stringify(rest).slice(0, -1)},"payload":${payload}}`;
}

/** The view. */
export function Empty() {
  const [event, setEvent] = useState(EXAMPLE);
  const [error, setError] = useState<unknown>();
  const body = bodyOf(event);
  const curl = `curl ${base}ingest -H 'content-type: application/json' -d '${bodyOf(EXAMPLE)}'`;
  const send = async (submitted: Event) => {
    submitted.preventDefault();
    try {
      const answer = (await (await ask("ingest", {}, { method: "POST", headers: { "content-type": "application/json" }, body })).json()) as { event_id: string };
      go(link(`event/${answer.event_id}`));
    } catch (error) {
      setError(error);
    }
  };
  return (
    <div class="empty">
      <h1>Nothing has arrived yet</h1>
      <p>Send the first event from a shell:</p>
      <pre class="command">{curl}</pre>
      <p><Copy what="copy the command" text={curl} /></p>
      <p>Or from here:</p>
      <form onSubmit={send}>
        {(Object.keys(EXAMPLE) as Field[]).map((name) => (
          <label key={name}>
            <span>{name}</span>
            <input name={name} value={event[name]} spellcheck={false} autocomplete="off" onInput={({ currentTarget }) => setEvent({ ...event, [name]: currentTarget.value })} />
          </label>
        ))}
        <button type="submit" class="main">Send this event</button>
      </form>
      {error !== undefined && <Failure error={error} />}
    </div>
  );
}
