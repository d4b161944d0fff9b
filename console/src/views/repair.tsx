/** What to do about a code, as docs/errors.md says. */

import repairs from "virtual:repairs";

/** The repair of a code, if it has one. */
export function Repair({ code }: { code: string }) {
  const text = repairs[code];
  if (text === undefined) return null;
  return (
    <p class="repair">
      <strong>Repair.</strong> {text.split("`").map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}
    </p>
  );
}
