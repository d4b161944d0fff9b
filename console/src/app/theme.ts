/** Light or dark. The system decides until the user does. */

import { signal } from "@preact/signals";

const KEPT = "pik.theme";
const chosen = localStorage.getItem(KEPT);

/** The theme. */
export const theme = signal(chosen === "light" || chosen === "dark" ? chosen : matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");

document.documentElement.dataset["theme"] = theme.value;

/** The other one, from now on. */
export function toggleTheme(): void {
  theme.value = theme.value === "dark" ? "light" : "dark";
  document.documentElement.dataset["theme"] = theme.value;
  localStorage.setItem(KEPT, theme.value);
}
