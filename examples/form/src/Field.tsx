import { useId } from "react";
import type { Problem } from "pik-client";

interface FieldProps {
  name: string;
  value: string;
  problems: readonly Problem[];
  onChange: (value: string) => void;
  /** A text area of this height, in place of a line. */
  rows?: number;
}

/** A field with what is wrong with it beside it; screen readers read both. */
export function Field({ name, value, problems, onChange, rows }: FieldProps) {
  const id = useId();
  const common = {
    id,
    name,
    value,
    "aria-invalid": problems.length > 0,
    "aria-describedby": `${id}-problems`,
    onChange: (event: { target: { value: string } }) => onChange(event.target.value),
  };
  return (
    <div className="field">
      <label htmlFor={id}>{name}</label>
      {rows === undefined ? <input {...common} /> : <textarea {...common} rows={rows} />}
      <ul id={`${id}-problems`} aria-live="polite">
        {problems.map(({ code, path, message }) => (
          <li key={`${code} ${path}`}>
            <code>{path}</code> {message}
          </li>
        ))}
      </ul>
    </div>
  );
}
