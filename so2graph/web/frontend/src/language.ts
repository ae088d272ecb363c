// The language of the pages: the reader's choice is remembered by the browser, without a cookie.
import { keep, kept } from "./kept";

/** Goes to the page in the language that the reader chose before, where the address says none. */
export function followLanguage(): void {
  const here = new URL(location.href), chosen = kept("language"), root = document.documentElement;
  if (!root.dataset["live"] || !chosen || chosen === root.lang || here.searchParams.has("lang")) return;
  here.searchParams.set("lang", chosen);
  location.replace(here);
}

/** Remembers a language when the reader follows a link to it. */
export function rememberLanguage(): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>("a.language")) {
    link.addEventListener("click", () => keep("language", link.hreflang));
  }
}
