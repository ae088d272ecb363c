// Has the service read the query while it is written, and shows what is wrong: underlined, in a list, and said once.
import { forceLinting, linter, type Action, type Diagnostic } from "@codemirror/lint";
import type { Extension } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import { isUpdate } from "./scan";
import { goTo, offsetOf } from "./view";
import type { Say } from "./words";

export interface Flaw {
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
  message: string;
  mend: string;
  insert?: string;
  replace?: string[];
}

export interface Checked {
  ok: boolean;
  kind: string;
  errors: Flaw[];
  warnings: Flaw[];
}

const DELAY = 600;
const LISTED = 5;

/** What the service finds in a query or an update, in the reader's language; null where it does not say. */
export async function checked(url: string, language: string, text: string, signal?: AbortSignal): Promise<Checked | null> {
  const body = new URLSearchParams({ [isUpdate(text) ? "update" : "query"]: text });
  const response = await fetch(`${url}?lang=${language}`, { method: "POST", body, signal: signal ?? null });
  return response.ok ? ((await response.json()) as Checked) : null;
}

/** Underlines what the service finds; `list` shows the same as text, and `announce` says the first error once. */
export function checking(url: string, language: string, say: Say, list: HTMLElement, announce: (text: string) => void): Extension {
  let stop = new AbortController();
  let said = "";

  function actions(flaw: Flaw): Action[] {
    const found: Action[] = [];
    if (flaw.insert) {
      const line = flaw.insert;
      found.push({ name: say("insert", { text: line.split(" ").slice(0, 2).join(" ") }), apply: (view) => view.dispatch({ changes: { from: 0, insert: `${line}\n` } }) });
    }
    for (const text of flaw.replace ?? []) {
      found.push({ name: say("use", { text }), apply: (view, from, to) => view.dispatch({ changes: { from, to, insert: text } }) });
    }
    return found;
  }

  function show(view: EditorView, found: Checked): void {
    const rows: [Flaw, string][] = [...found.errors.map((flaw): [Flaw, string] => [flaw, "error"]), ...found.warnings.map((flaw): [Flaw, string] => [flaw, "warning"])];
    list.replaceChildren();
    list.hidden = !rows.length;
    const items = document.createElement("ul");
    for (const [flaw, kind] of rows.slice(0, LISTED)) {
      const item = document.createElement("li"), where = document.createElement("button"), what = document.createElement("strong");
      item.className = kind;
      what.textContent = say(kind);
      where.type = "button";
      where.className = "quiet";
      where.textContent = say("place", { line: flaw.line, column: flaw.column });
      where.setAttribute("aria-label", say("goto", { line: flaw.line, column: flaw.column }));
      where.addEventListener("click", () => goTo(view, flaw.line, flaw.column, flaw.endLine, flaw.endColumn));
      item.append(what, " ", where, ` ${flaw.message} ${flaw.mend}`);
      for (const action of actions(flaw)) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "plain";
        button.textContent = action.name;
        button.addEventListener("click", () => {
          action.apply(view, offsetOf(view, flaw.line, flaw.column), offsetOf(view, flaw.endLine, flaw.endColumn));
          view.focus();
          forceLinting(view);
        });
        item.append(" ", button);
      }
      items.append(item);
    }
    if (rows.length) list.append(items);
    const first = found.errors[0], text = first ? say("problem", { line: first.line, column: first.column, message: first.message }) : "";
    if (text !== said) announce(text || say("right"));
    said = text;
  }

  async function lint(view: EditorView): Promise<Diagnostic[]> {
    stop.abort();
    stop = new AbortController();
    const text = view.state.doc.toString();
    if (!text.trim()) {
      list.hidden = true;
      return [];
    }
    try {
      const found = await checked(url, language, text, stop.signal);
      if (!found || view.state.doc.toString() !== text) return [];
      show(view, found);
      const made = (flaw: Flaw, severity: "error" | "warning"): Diagnostic => {
        const from = offsetOf(view, flaw.line, flaw.column), to = Math.max(from, offsetOf(view, flaw.endLine, flaw.endColumn));
        return { from, to, severity, message: `${flaw.message} ${flaw.mend}`, actions: actions(flaw) };
      };
      return [...found.errors.map((flaw) => made(flaw, "error")), ...found.warnings.map((flaw) => made(flaw, "warning"))];
    } catch {
      // Given up for a newer text, or the service is away: then nothing is said of it.
      return [];
    }
  }

  return linter(lint, { delay: DELAY });
}
