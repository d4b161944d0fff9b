/** A day at a glance: 24 bars, an empty hour as a mark below the line. */

const HEIGHT = 18;
const WIDTH = 5;

/** Bars for amounts, the latest at the right. */
export function Spark({ amounts, label }: { amounts: readonly number[]; label: string }) {
  const max = Math.max(1, ...amounts);
  return (
    <svg class="spark" width={amounts.length * WIDTH} height={HEIGHT} role="img" aria-label={label}>
      <title>{label}</title>
      {amounts.map((amount, index) => {
        const height = amount === 0 ? 2 : Math.max(1.5, (amount / max) * (HEIGHT - 3));
        return <rect key={index} class={amount === 0 ? "gap" : "bar"} x={index * WIDTH} y={HEIGHT - height} width={WIDTH - 1} height={height} />;
      })}
    </svg>
  );
}
