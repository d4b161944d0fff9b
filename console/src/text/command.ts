/** Commands that people paste into a shell. */

/** A word as a POSIX shell takes it, whatever is in it. */
export function quoted(word: string): string {
  return /^[A-Za-z0-9_./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** `curl` that sends these bytes to the host again, which is a replay. */
export function curlOf(host: string, raw: string, withToken: boolean): string {
  const token = withToken ? ` -H "authorization: Bearer $PIK_TOKEN"` : "";
  return `curl -sS ${quoted(`${host}ingest`)}${token} -H 'content-type: application/json' --data-binary ${quoted(raw)}`;
}

/** `pik show` of an event of this host. */
export function pikOf(host: string, id: string): string {
  return `pik show --url ${quoted(host.replace(/\/$/, ""))} ${id}`;
}
