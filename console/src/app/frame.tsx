/** What stands around every view. */

import { useEffect, useRef } from "preact/hooks";

import { address, go, link } from "../address.ts";
import { token, useToken } from "../api/request.ts";
import { toggleZone, zone } from "../time/clock.ts";
import { theme, toggleTheme } from "./theme.ts";
import { TokenQuestion } from "./token.tsx";
import { VIEWS, viewOf } from "./views.tsx";

/** The page. */
export function Frame() {
  const { view, parameters } = address.value;
  const { name, content } = viewOf(view);
  const search = useRef<HTMLInputElement>(null);
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    document.title = `${name} · pik`;
  }, [name]);
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      const typing = event.target instanceof Element && event.target.matches("input, textarea, select");
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        search.current?.focus();
      }
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);
  const find = (event: Event) => {
    event.preventDefault();
    const text = search.current?.value ?? "";
    if (text.trim() === "") return;
    go(/^[0-9a-f]{64}$/.test(text.trim()) ? link(`event/${text.trim()}`) : link("entity", { id: text }));
    main.current?.focus();
  };
  const top = view.split("/")[0];
  void parameters;
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>to the content</a>
      <header class="top">
        <a class="name" href={link("streams")}>pik</a>
        <nav aria-label="views">
          {VIEWS.filter(({ listed }) => listed).map(({ path, name }) => (
            <a key={path} href={link(path)} aria-current={path === top || (path === "streams" && top === "stream") ? "page" : undefined}>{name}</a>
          ))}
        </nav>
        <form role="search" onSubmit={find}>
          <input ref={search} type="search" aria-label="find an event by its id, or an entity" placeholder="find an id or entity…" title="press / to come here" spellcheck={false} />
        </form>
        <button type="button" onClick={toggleZone} title="show times in UTC or in the local time">{zone.value === "utc" ? "UTC" : "local time"}</button>
        <button type="button" onClick={toggleTheme} title="light or dark">{theme.value === "dark" ? "dark" : "light"}</button>
        {token.value !== "" && <button type="button" onClick={() => useToken("")} title="forget the token in this tab">forget token</button>}
      </header>
      <main id="main" ref={main} tabIndex={-1}>{content}</main>
      <TokenQuestion />
    </>
  );
}
