import { useState, type FormEvent } from "react";
import { IngestClient } from "pik-client";
import { FIELDS, judge, problemsAt, type Fields } from "./event.ts";
import { Field } from "./Field.tsx";

const client = new IngestClient({ url: "/collect" });

const EXAMPLE: Fields = {
  source: "demo",
  event_type: "heartbeat",
  entity_id: "user_123",
  event_time: "2025-12-28T23:59:59Z",
  payloadText: '{"steps": 10}',
};

export function EventForm() {
  const [fields, setFields] = useState(EXAMPLE);
  const [answer, setAnswer] = useState("");
  const { id, problems } = judge(fields);

  const change = (name: keyof Fields) => (value: string) => setFields({ ...fields, [name]: value });

  async function send(event: FormEvent) {
    event.preventDefault();
    setAnswer("sending");
    try {
      setAnswer((await client.ingest(fields)).status);
    } catch (error) {
      setAnswer(String(error));
    }
  }

  return (
    <form onSubmit={send} noValidate>
      {FIELDS.map((name) => (
        <Field key={name} name={name} value={fields[name]} problems={problemsAt(name, problems)} onChange={change(name)} />
      ))}
      <Field
        name="payload"
        rows={6}
        value={fields.payloadText}
        problems={[...problemsAt("payload", problems), ...problemsAt("", problems)]}
        onChange={change("payloadText")}
      />
      <p>
        event_id <output name="event_id">{id ?? "none yet"}</output>
      </p>
      <button disabled={id === undefined}>Send</button> <output name="answer">{answer}</output>
    </form>
  );
}
