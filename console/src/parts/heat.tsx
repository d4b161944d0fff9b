/** Hours across, days down: an amount as a colour, an empty hour as a pattern, late ones marked. */

import { useState } from "preact/hooks";

/** One hour. */
export interface Cell {
  /** The step of colour; 0 for an empty hour, `undefined` where there was nothing to expect. */
  readonly step: number | undefined;
  readonly late: boolean;
  /** All that is known of it, as a sentence. */
  readonly told: string;
  readonly href: string;
  readonly chosen: boolean;
}

/** One day. */
export interface Row {
  readonly date: string;
  readonly href: string;
  readonly chosen: boolean;
  readonly cells: readonly Cell[];
  readonly total: string;
  readonly aside: string;
  readonly note: string | undefined;
  /** What was refused on this day, and where it is shown. */
  readonly refused: { readonly told: string; readonly href: string } | undefined;
}

const HOURS = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, "0"));

/** The map. `totals` and `asides` head the columns at the right. */
export function Heat({ rows, label, totals, asides }: { rows: readonly Row[]; label: string; totals: string; asides: string }) {
  const [told, setTold] = useState<string>();
  return (
    <div class="heatbox" onMouseLeave={() => setTold(undefined)}>
      <div class="scroll" tabIndex={0} role="region" aria-label={label}>
        <table class="heat">
          <caption class="hidden">{label}</caption>
          <thead>
            <tr>
              <th scope="col"><span class="hidden">day</span></th>
              {HOURS.map((hour) => (
                <th scope="col" key={hour}>{hour}</th>
              ))}
              <th scope="col" class="number">{totals}</th>
              <th scope="col" class="number">{asides}</th>
              <th scope="col"><span class="hidden">remark</span></th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.date} class={row.chosen ? "chosen" : ""}>
                <th scope="row"><a href={row.href} title={`all of ${row.date}`}>{row.date.slice(5)}<span class="hidden"> of {row.date.slice(0, 4)}</span></a></th>
                {row.cells.map((cell, hour) => (
                  <td key={hour}>
                    {cell.step === undefined ? (
                      <span class="cell none" title={cell.told} onMouseEnter={() => setTold(cell.told)} />
                    ) : (
                      <a
                        class={`cell ${cell.step === 0 ? "blank" : `s${cell.step}`}${cell.late ? " tardy" : ""}${cell.chosen ? " chosen" : ""}`}
                        href={cell.href}
                        aria-label={cell.told}
                        aria-current={cell.chosen ? "true" : undefined}
                        onMouseEnter={() => setTold(cell.told)}
                        onFocus={() => setTold(cell.told)}
                      />
                    )}
                  </td>
                ))}
                <td class="number">{row.total}</td>
                <td class="number">{row.aside}</td>
                <td class="note">{row.note} {row.refused !== undefined && <a href={row.refused.href}>{row.refused.told} ▸</a>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="readout" aria-hidden="true">{told ?? "Point at an hour to read it; choose it to see its events."}</p>
    </div>
  );
}
