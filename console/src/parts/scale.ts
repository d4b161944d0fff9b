/** From amounts to nine steps of colour. */

/** How many steps the style has. */
const STEPS = 9;

/** The step of a value between 0 and `max`, 1 to 9. The square root keeps small amounts apart from each other. */
export function step(value: number, max: number): number {
  if (max <= 0 || value <= 0) return 1;
  return Math.min(STEPS, 1 + Math.floor(Math.sqrt(value / max) * (STEPS - 0.001)));
}

/** The step of a lag: each is about four times the one before, from a tenth of a second to an hour and beyond. */
export function lagStep(milliseconds: number): number {
  if (milliseconds <= 100) return 1;
  return Math.min(STEPS, 1 + Math.ceil(Math.log(milliseconds / 100) / Math.log(4)));
}
