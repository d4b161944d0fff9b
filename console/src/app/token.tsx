/** The token, asked for when the API wants one. */

import { useEffect, useRef, useState } from "preact/hooks";

import { refusedToken, token, useToken } from "../api/request.ts";

/** The question for the token; in the way of everything else while it is open. */
export function TokenQuestion() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [given, setGiven] = useState("");
  const wanted = refusedToken.value;
  useEffect(() => {
    if (wanted) dialog.current?.showModal();
    else dialog.current?.close();
  }, [wanted]);
  const submit = (event: Event) => {
    event.preventDefault();
    const typed = given.trim();
    setGiven("");
    if (typed !== "") useToken(typed);
  };
  return (
    <dialog ref={dialog} aria-labelledby="token-question" onCancel={() => (refusedToken.value = false)}>
      <form onSubmit={submit}>
        <h2 id="token-question">{token.value === "" ? "This server asks for a token" : "The server refused this token"}</h2>
        <p>One that may read shows everything; one that may ingest sends events, too. It is kept in this tab until the tab is closed, and sent to this server alone.</p>
        <label>
          <span>token</span>
          <input type="password" name="token" autocomplete="off" value={given} onInput={({ currentTarget }) => setGiven(currentTarget.value)} />
        </label>
        <button type="submit" class="main">Use this token</button>
      </form>
    </dialog>
  );
}
