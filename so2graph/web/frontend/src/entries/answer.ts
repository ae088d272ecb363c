// A page with an answer: buttons that copy, names that are suggested.
import { copyButtons } from "../copy";
import { suggestions } from "../suggest";
import { words } from "../words";

copyButtons(document, words);
suggestions(document);
document.addEventListener("so2graph:answer", (event) => {
  if (event instanceof CustomEvent && event.detail instanceof HTMLElement) {
    copyButtons(event.detail, words);
    suggestions(event.detail);
  }
});
