// A page with an answer: buttons that copy, names that are suggested.
import { copyButtons } from "../copy";
import { suggestions } from "../suggest";

copyButtons(document);
suggestions(document);
document.addEventListener("so2graph:answer", (event) => {
  if (event instanceof CustomEvent && event.detail instanceof HTMLElement) {
    copyButtons(event.detail);
    suggestions(event.detail);
  }
});
