// What the buttons of an answer say.
export const words = document.documentElement.lang === "nl"
  ? { copy: "Kopiëren", copied: "Gekopieerd" }
  : { copy: "Copy", copied: "Copied" };
