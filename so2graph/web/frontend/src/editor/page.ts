// Puts the parts of the editor together on the page, and keeps its address in step.
import { checking } from "./check";
import { completing } from "./complete";
import { LONGEST, Runner } from "./run";
import { isUpdate, missingLines } from "./scan";
import { Tabs } from "./tabs";
import { open, tabRow, toolRow, type Desk } from "./tools";
import { field, goTo } from "./view";
import { Names } from "./vocabulary";
import { saying, type Told } from "./words";

function found<T extends HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element as T;
}

export function editor(told: Told): void {
  const say = saying(told.words);
  const form = found<HTMLFormElement>("sparql"), area = found<HTMLTextAreaElement>("query"), host = found("editor-host");
  const limit = found<HTMLSelectElement>("limit"), status = found("editor-status"), result = found("result");
  const here = new URL(location.href), blank = area.defaultValue, given = here.searchParams.get("query");
  const tabs = new Tabs(blank);
  if (given !== null || here.searchParams.has("example")) tabs.open(given ?? blank, "");

  const announce = (text: string): void => {
    status.setAttribute("aria-live", "polite");
    status.textContent = text;
  };
  const problems = found("editor-problems"), said = found("editor-said");
  problems.setAttribute("role", "group");
  problems.setAttribute("aria-label", say("problems"));

  let draw = (): void => undefined;
  const view = field({
    parent: host,
    text: tabs.current.text,
    name: say("name"),
    help: say("help"),
    complete: completing(told, say, new Names(told.root), announce),
    lint: checking(`${told.root}sparql/check`, told.language, say, problems, (text) => {
      said.textContent = text;
    }),
    run: () => void ask(),
    changed: (typed) => {
      tabs.write(view.state.doc.toString());
      if (!tabs.safe) announce(say("storage"));
      if (typed) declare();
      draw();
    },
  });
  area.hidden = true;
  host.hidden = false;
  found("query-label").addEventListener("click", () => view.focus());

  const desk: Desk = { told, say, tabs, view, blank: "", announce, address: () => addressOf(stated(view.state.doc.toString())) };
  draw = tabRow(desk, found("editor-tabs"));
  toolRow(desk, found("editor-tools"), () => draw());

  const runner = new Runner({
    told, say, result, status, run: found("run"), stop: found("stop"),
    goTo: (line, column) => goTo(view, line, column),
  });

  /** Adds the PREFIX line of a well-known prefix that has just been typed and that the service does not know. */
  function declare(): void {
    const at = view.state.selection.main.head;
    if (view.state.sliceDoc(at - 1, at) !== ":") return;
    const [line] = missingLines(view.state.doc.toString(), told.known);
    if (!line || /^\s*PREFIX\b/i.test(view.state.doc.lineAt(at).text)) return;
    // What is typed is taken in first: the line goes in as a change of its own, which can be undone.
    setTimeout(() => {
      view.dispatch({ changes: { from: 0, insert: `${line}\n` } });
      announce(say("prefix", { prefix: line.split(/[\s:]+/)[1] ?? "" }));
    });
  }

  /** The parameters of the page for a text: those of the form, and the graphs that the address named. */
  function stated(text: string, offset = 0): URLSearchParams {
    const asked = new URLSearchParams();
    for (const name of ["default-graph-uri", "named-graph-uri"]) for (const iri of here.searchParams.getAll(name)) asked.append(name, iri);
    asked.set("query", text);
    asked.set("limit", limit.value);
    if (offset) asked.set("offset", String(offset));
    if (told.chosen) asked.set("lang", told.language);
    return asked;
  }

  function addressOf(asked: URLSearchParams): string | null {
    return (asked.get("query") ?? "").length > LONGEST ? null : new URL(`${told.root}sparql?${asked}`, location.href).href;
  }

  /** Asks what the field says, and puts it into the address. */
  async function ask(): Promise<void> {
    const text = view.state.doc.toString();
    if (isUpdate(text)) return announce(say("update"));
    tabs.remember(text);
    const asked = stated(text), address = addressOf(asked);
    if (address !== null && address !== location.href) history.pushState({ asked: asked.toString() }, "", address);
    await runner.ask(asked);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void ask();
  });

  /** Shows what an address of this page says: its query in the field, and its answer. */
  async function follow(url: URL, push: boolean): Promise<void> {
    const text = url.searchParams.get("query");
    if (text === null) {
      // The page as it was before anything was asked.
      runner.stop();
      result.replaceChildren();
      return;
    }
    if (!open(desk, text, () => draw())) return;
    if (push) history.pushState({ asked: url.searchParams.toString() }, "", url);
    const outcome = await runner.ask(url.searchParams);
    if (push && outcome.kind === "answer") outcome.heading?.focus({ preventScroll: false });
  }

  addEventListener("popstate", () => void follow(new URL(location.href), false));

  result.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[href]") : null;
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const url = new URL(link.href);
    if (url.origin !== location.origin) return;
    if (url.pathname === `${told.root}sparql/explain`) {
      event.preventDefault();
      void explain(url, link);
    } else if (url.pathname === `${told.root}sparql` && !url.searchParams.has("format") && url.searchParams.has("query")) {
      event.preventDefault();
      void follow(url, true);
    }
  });

  /** Puts the explanation of an empty answer in the place of the link to it. */
  async function explain(url: URL, link: HTMLElement): Promise<void> {
    link.setAttribute("aria-busy", "true");
    const response = await fetch(url, { headers: { Accept: "text/html" } }).catch(() => null);
    const made = response?.ok ? new DOMParser().parseFromString(await response.text(), "text/html").querySelector<HTMLElement>("#explanation") : null;
    if (!made) return location.assign(url);
    for (const place of made.querySelectorAll<HTMLElement>(".place")) {
      const [line, column, endLine, endColumn] = ["line", "column", "endLine", "endColumn"].map((name) => Number(place.dataset[name]));
      const turn = document.createElement("button");
      turn.type = "button";
      turn.className = "quiet";
      turn.textContent = place.textContent;
      turn.addEventListener("click", () => goTo(view, line!, column!, endLine!, endColumn!));
      place.replaceWith(turn);
    }
    made.tabIndex = -1;
    (link.closest("p") ?? link).replaceWith(made);
    made.focus();
    announce(made.querySelector(".verdict")?.textContent ?? "");
  }

  found("examples").addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("li a") : null;
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    void example(link);
  });

  /** Puts a stored query into a tab. */
  async function example(link: HTMLAnchorElement): Promise<void> {
    const response = await fetch(link.href, { headers: { Accept: "text/html" } }).catch(() => null);
    const text = response?.ok ? new DOMParser().parseFromString(await response.text(), "text/html").querySelector("textarea")?.value : undefined;
    if (text === undefined) return location.assign(link.href);
    if (!open(desk, text, () => draw())) return;
    announce(say("loaded", { title: link.textContent ?? "" }));
    view.focus();
  }
}
