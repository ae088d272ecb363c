// Light or dark: as the system has it, unless the reader chose.
import { keep, kept } from "./kept";

type Theme = "light" | "dark";

const dark = matchMedia("(prefers-color-scheme: dark)");

/** The theme that the page is shown in. */
export function theme(): Theme {
  const chosen = kept("theme");
  return chosen === "light" || chosen === "dark" ? chosen : dark.matches ? "dark" : "light";
}

/** Shows the page in the theme that the reader chose, and tells who draws for himself (`so2graph:theme`). */
export function applyTheme(): void {
  document.documentElement.dataset["theme"] = theme();
  document.dispatchEvent(new CustomEvent("so2graph:theme"));
}

/** Makes the button of the page switch the theme. */
export function themeSwitch(): void {
  const button = document.querySelector<HTMLButtonElement>("#theme");
  if (!button) return;
  button.hidden = false;
  const show = (): void => {
    applyTheme();
    button.setAttribute("aria-pressed", String(theme() === "dark"));
  };
  button.addEventListener("click", () => {
    keep("theme", theme() === "dark" ? "light" : "dark");
    show();
  });
  dark.addEventListener("change", show);
  show();
}
