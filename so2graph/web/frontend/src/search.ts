// The search box in the header: the key / goes to it, and while somebody types it suggests (WAI-ARIA APG: combobox).

interface Result {
  label: string;
  language: string;
  kind: string;
  href: string;
  also: string | null;
  marks: [number, number][];
}

const WAIT = 130, FEWEST = 2, MOST = 8;

/** Makes the search form of the header a combobox, and `/` the key to it. */
export function search(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-search]");
  const input = form?.querySelector<HTMLInputElement>("input[type=search]");
  if (!form || !input) return;
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.composedPath()[0])) return;
    event.preventDefault();
    input.focus();
    input.select();
  });
  new Suggestions(form, input);
}

/** Whether a key goes into a text, also into one in a shadow tree: the editor's. */
function isTyping(target: EventTarget | undefined): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}

class Suggestions {
  readonly #list = document.createElement("ul");
  readonly #status = document.createElement("p");
  #timer = 0;
  #asking: AbortController | null = null;
  #active = -1;

  constructor(private readonly form: HTMLFormElement, private readonly input: HTMLInputElement) {
    this.#list.id = "search-suggestions";
    this.#list.className = "suggestions";
    this.#list.hidden = true;
    this.#list.setAttribute("role", "listbox");
    this.#list.setAttribute("aria-label", form.dataset["list"] ?? "");
    this.#status.className = "visually-hidden";
    this.#status.setAttribute("role", "status");
    form.append(this.#list, this.#status);
    for (const [name, value] of Object.entries({
      role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.#list.id,
    })) input.setAttribute(name, value);
    input.addEventListener("input", (event) => {
      if (!(event as InputEvent).isComposing) this.#soon();
    });
    input.addEventListener("compositionend", () => this.#soon());
    input.addEventListener("keydown", (event) => this.#key(event));
    input.addEventListener("blur", () => this.#close());
    // The box keeps the focus while the list is clicked.
    this.#list.addEventListener("mousedown", (event) => event.preventDefault());
    form.addEventListener("submit", () => this.#close());
  }

  get #options(): HTMLElement[] {
    return [...this.#list.children] as HTMLElement[];
  }

  #soon(): void {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    if (this.input.value.trim().length < FEWEST) this.#close();
    else this.#timer = window.setTimeout(() => void this.#ask(), WAIT);
  }

  async #ask(): Promise<void> {
    const asking = (this.#asking = new AbortController()), text = this.input.value;
    const address = new URL(this.form.dataset["suggest"] ?? "", location.href);
    address.search = new URLSearchParams({ q: text, limit: String(MOST), lang: this.form.dataset["lang"] ?? "" }).toString();
    try {
      const response = await fetch(address, { headers: { Accept: "application/json" }, signal: asking.signal });
      if (!response.ok) return this.#close();
      const { results } = (await response.json()) as { results: Result[] };
      if (!asking.signal.aborted && document.activeElement === this.input) this.#show(text, results);
    } catch {
      // Given up for what was typed since, or the service is away: the form works without suggestions.
      if (!asking.signal.aborted) this.#close();
    }
  }

  #show(text: string, results: Result[]): void {
    this.#list.replaceChildren(...results.map((result) => option(result)));
    if (results.length) this.#list.append(this.#everything(text));
    this.#options.forEach((one, index) => {
      one.id = `${this.#list.id}-${index}`;
      one.addEventListener("click", () => this.#choose(one));
    });
    this.#active = -1;
    this.#open(results.length > 0);
    const said = this.form.dataset;
    this.#status.textContent =
      results.length === 0 ? (said["none"] ?? "")
      : results.length === 1 ? (said["one"] ?? "")
      : (said["some"] ?? "").replace("{count}", String(results.length));
  }

  #everything(text: string): HTMLLIElement {
    const item = document.createElement("li");
    item.setAttribute("role", "option");
    item.className = "suggestion suggestion-all";
    item.textContent = (this.form.dataset["all"] ?? "{text}").replace("{text}", text.trim());
    return item;
  }

  #open(open: boolean): void {
    this.#list.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
    this.#mark(-1);
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#open(false);
    this.#status.textContent = "";
  }

  #mark(index: number): void {
    this.#active = index;
    this.#options.forEach((one, at) => one.setAttribute("aria-selected", String(at === index)));
    const active = this.#options[index];
    if (active) {
      this.input.setAttribute("aria-activedescendant", active.id);
      active.scrollIntoView({ block: "nearest" });
    } else this.input.removeAttribute("aria-activedescendant");
  }

  #key(event: KeyboardEvent): void {
    const open = !this.#list.hidden, count = this.#options.length;
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) return this.#soon();
      const step = event.key === "ArrowDown" ? 1 : -1;
      // One place is in the box itself, before the first and after the last.
      this.#mark(((this.#active + 1 + step + count + 1) % (count + 1)) - 1);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      this.#close();
    } else if (event.key === "Enter" && open && this.#active >= 0) {
      const active = this.#options[this.#active];
      event.preventDefault();
      if (active) this.#choose(active);
    }
  }

  #choose(item: HTMLElement): void {
    const href = item.dataset["href"];
    this.#close();
    if (!href) return this.form.requestSubmit();
    const there = new URL(href, location.href), language = new URL(location.href).searchParams.get("lang");
    if (language) there.searchParams.set("lang", language);
    // The address is that by which the world knows the service; the reader may have come by another.
    location.assign(there.pathname + there.search + there.hash);
  }
}

/** A suggestion; all that comes from the data is text. */
function option(result: Result): HTMLLIElement {
  const item = document.createElement("li"), name = document.createElement("bdi"), kind = document.createElement("span");
  item.setAttribute("role", "option");
  item.className = "suggestion";
  item.dataset["href"] = result.href;
  name.className = "suggestion-name";
  name.lang = result.language;
  const letters = [...result.label];
  let done = 0;
  for (const [start, end] of result.marks) {
    const mark = document.createElement("mark");
    mark.textContent = letters.slice(start, end).join("");
    name.append(letters.slice(done, start).join(""), mark);
    done = end;
  }
  name.append(letters.slice(done).join(""));
  kind.className = "suggestion-kind";
  kind.textContent = result.also && !result.marks.length ? `${result.kind} · ${result.also}` : result.kind;
  item.append(name, " ", kind);
  return item;
}
