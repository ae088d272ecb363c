// The form of a question: every choice shows at once in the sentence, the answer and the address, without a new page.
import { copyButtons } from "../copy";
import { suggestions } from "../suggest";

const part = document.getElementById("asking");
const said = document.getElementById("asking-said");
let latest = 0, shown = location.pathname + location.search;

/** The address that a form asks for; fields that no longer fit another class are left out. */
function addressOf(form: HTMLFormElement, changed: string): string {
  const asked = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    const stale = changed === "of" && ["trait", "place", "theme"].includes(name);
    if (typeof value === "string" && value && !stale) asked.append(name, value);
  }
  return `${form.action}?${asked.toString()}`;
}

/** Shows what an address shows, in place; where that does not work, the browser goes there. */
async function show(address: string, focus: string, push: boolean): Promise<void> {
  if (!part) return;
  const mine = ++latest;
  part.classList.add("busy");
  part.setAttribute("aria-busy", "true");
  let response: Response, text: string;
  try {
    response = await fetch(address, { headers: { Accept: "text/html" } });
    text = await response.text();
  } catch {
    location.assign(address);
    return;
  }
  if (mine !== latest) return;
  const page = new DOMParser().parseFromString(text, "text/html"), fresh = page.getElementById("asking");
  if (!response.ok || !fresh) {
    location.assign(address);
    return;
  }
  part.replaceChildren(...fresh.childNodes);
  part.classList.remove("busy");
  part.removeAttribute("aria-busy");
  document.title = page.title;
  const language = page.querySelector<HTMLAnchorElement>("a.language"), link = document.querySelector<HTMLAnchorElement>("a.language");
  if (language && link) link.href = language.getAttribute("href") ?? link.href;
  if (push) history.pushState(null, "", response.url);
  shown = location.pathname + location.search;
  if (said) said.textContent = [".question .sentence", ".answer .count"].map(at => part.querySelector(at)?.textContent ?? "").join(" ").trim();
  if (focus) document.getElementById(focus)?.focus();
  begin();
}

function begin(): void {
  const form = part?.querySelector<HTMLFormElement>("form.asking");
  if (!part || !form) return;
  copyButtons(part);
  suggestions(part);
  form.addEventListener("change", event => {
    const field = event.target;
    if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement) {
      const focus = field.type === "radio" ? "" : field.id;
      void show(addressOf(form, field.name), focus, true).then(() => {
        if (field.type === "radio") part.querySelector<HTMLInputElement>(`input[name="certainty"]:checked`)?.focus();
      });
    }
  });
  form.addEventListener("submit", event => {
    event.preventDefault();
    void show(addressOf(form, ""), "", true);
  });
}

/** What the reader chose before this script was there. */
function chosenEarly(): HTMLSelectElement | undefined {
  return [...part?.querySelectorAll("select") ?? []].find(select => {
    const first = [...select.options].find(option => option.defaultSelected) ?? select.options[0];
    return first !== undefined && !first.selected;
  });
}

begin();
const early = chosenEarly();
if (early?.form) void show(addressOf(early.form, early.name), early.id, true);
addEventListener("popstate", () => {
  // A jump within the page is none to another question.
  if (location.pathname + location.search !== shown) void show(location.href, "", false);
});
