/** A list of any length: only the rows on the screen are in the page. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** The height of a row in pixels, as in the style. */
export const ROW = 26;
/** Rows kept above and below the screen, so that scrolling meets no hole. */
const SPARE = 12;

interface Props {
  readonly count: number;
  readonly head: ComponentChildren;
  readonly row: (index: number) => JSX.Element;
  readonly label: string;
  /** Called when the end comes near. */
  readonly onEnd?: (() => void) | undefined;
  /** How many rows high at most. */
  readonly height?: number;
}

/** A table whose rows are made as they are scrolled to. */
export function Rows({ count, head, row, label, onEnd, height = 22 }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [view, setView] = useState(height * ROW);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const watch = new ResizeObserver(() => setView(element.clientHeight));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  const first = Math.max(0, Math.floor(top / ROW) - SPARE);
  const last = Math.min(count, Math.ceil((top + view) / ROW) + SPARE);
  const nearEnd = last >= count;
  useEffect(() => {
    if (nearEnd) onEnd?.();
  }, [nearEnd, count, onEnd]);
  return (
    <div
      class="rows"
      ref={box}
      style={{ maxHeight: `${(height + 1.5) * ROW}px` }}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      <table aria-rowcount={count + 1}>
        <thead>{head}</thead>
        <tbody>
          {first > 0 && <tr class="space" style={{ height: `${first * ROW}px` }} aria-hidden="true" />}
          {Array.from({ length: Math.max(0, last - first) }, (_, index) => row(first + index))}
          {last < count && <tr class="space" style={{ height: `${(count - last) * ROW}px` }} aria-hidden="true" />}
        </tbody>
      </table>
    </div>
  );
}
