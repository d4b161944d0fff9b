/** A list of any length: only the rows on the screen are in the page. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** The height of a row in pixels, as in the style. */
export const ROW = 26;
/** Rows kept above and below the screen, so that scrolling meets no hole. */
const SPARE = 12;
/** Pixels that every browser can scroll. A longer list moves by more than a row for a row's height. */
const TALLEST = 15_000_000;

interface Props {
  readonly count: number;
  readonly head: ComponentChildren;
  readonly row: (index: number) => JSX.Element;
  readonly label: string;
  /** Called with the rows that are on the screen: the first one, and the one behind the last, which may not be there yet. */
  readonly onSee?: (first: number, last: number) => void;
  /** How many rows high at most. */
  readonly height?: number;
}

/** A table whose rows are made as they are scrolled to. */
export function Rows({ count, head, row, label, onSee, height = 22 }: Props) {
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
  const whole = count * ROW;
  const tall = Math.min(whole, TALLEST);
  // How far the list is above the screen, where each row has its height, and where the browser has it.
  const above = tall < whole ? top * ((whole - view) / (tall - view)) : top;
  const first = Math.max(0, Math.min(count, Math.floor(above / ROW)) - SPARE);
  const end = Math.ceil((above + view) / ROW) + SPARE;
  const last = Math.min(count, end);
  const before = Math.max(0, first * ROW - (above - top));
  const after = Math.max(0, tall - before - (last - first) * ROW);
  useEffect(() => onSee?.(first, end));
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
          {before > 0 && <tr class="space" style={{ height: `${before}px` }} aria-hidden="true" />}
          {Array.from({ length: Math.max(0, last - first) }, (_, index) => row(first + index))}
          {after > 0 && <tr class="space" style={{ height: `${after}px` }} aria-hidden="true" />}
        </tbody>
      </table>
    </div>
  );
}
