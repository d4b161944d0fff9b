/** Numbers as text. */

/** `41,022`. */
export function amount(count: number): string {
  return count.toLocaleString("en");
}

/** `12.4 M`, for headings and narrow cells. */
export function short(count: number): string {
  if (count < 10_000) return amount(count);
  const [unit, name] = count < 1e6 ? [1e3, "k"] : count < 1e9 ? [1e6, "M"] : [1e9, "G"];
  const value = count / (unit as number);
  return `${value < 100 ? value.toFixed(1) : Math.round(value)} ${name}`;
}

/** `0.3 %`. */
export function share(part: number, whole: number): string {
  if (whole === 0 || part === 0) return "0 %";
  const percent = (100 * part) / whole;
  return percent < 0.05 ? "< 0.1 %" : `${percent.toFixed(1)} %`;
}

/** `1,234 bytes`. */
export function bytes(count: number): string {
  return `${amount(count)} ${count === 1 ? "byte" : "bytes"}`;
}
