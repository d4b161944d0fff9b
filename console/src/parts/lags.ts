/** Lags on a logarithmic scale. */

/** Where a class of lags begins and ends, in milliseconds. */
export interface LagClass {
  readonly from: number;
  readonly to: number;
  readonly name: string;
}

/** From events out of the future to weeks; people read these limits without counting. */
export const CLASSES: readonly LagClass[] = [
  { from: -Infinity, to: 0, name: "< 0" },
  { from: 0, to: 100, name: "100 ms" },
  { from: 100, to: 300, name: "300 ms" },
  { from: 300, to: 1_000, name: "1 s" },
  { from: 1_000, to: 3_000, name: "3 s" },
  { from: 3_000, to: 10_000, name: "10 s" },
  { from: 10_000, to: 30_000, name: "30 s" },
  { from: 30_000, to: 60_000, name: "1 min" },
  { from: 60_000, to: 300_000, name: "5 min" },
  { from: 300_000, to: 900_000, name: "15 min" },
  { from: 900_000, to: 3_600_000, name: "1 h" },
  { from: 3_600_000, to: 21_600_000, name: "6 h" },
  { from: 21_600_000, to: 86_400_000, name: "1 d" },
  { from: 86_400_000, to: 259_200_000, name: "3 d" },
  { from: 259_200_000, to: 604_800_000, name: "1 w" },
  { from: 604_800_000, to: Infinity, name: "> 1 w" },
];

/** The class of a lag. */
export function classOf(lag: number): number {
  return CLASSES.findIndex(({ from, to }) => lag >= from && lag < to);
}

/** Where a lag lies between 0 and 1, from before 0 to beyond a week. */
export function height(lag: number): number {
  const index = classOf(lag);
  const { from, to } = CLASSES[index] as LagClass;
  if (!Number.isFinite(from)) return 0.5 / CLASSES.length;
  if (!Number.isFinite(to)) return (index + 0.5) / CLASSES.length;
  const low = Math.log(Math.max(from, 10));
  const within = lag <= 10 && from === 0 ? 0 : (Math.log(Math.max(lag, 10)) - low) / (Math.log(to) - low);
  return (index + within) / CLASSES.length;
}
