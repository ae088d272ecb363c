// The tools beside the field: tabs, what was asked before, the link, PREFIX lines.
import type { EditorView } from "@codemirror/view";
import { missingLines, tokens } from "./scan";
import { MOST_TABS, type Tab, type Tabs } from "./tabs";
import { replaceText } from "./view";
import type { Say, Told } from "./words";

export interface Desk {
  told: Told;
  say: Say;
  tabs: Tabs;
  view: EditorView;
  /** The text that a new tab begins with. */
  blank: string;
  announce: (text: string) => void;
  address: () => string | null;
}

export function button(text: string, className: string, act: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = className;
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

/** What a tab is called: its first comment, else its number. */
function titleOf(tab: Tab, say: Say): string {
  const first = tokens(tab.text.slice(0, 2000))[0];
  const said = first?.kind === "comment" ? first.text.replace(/^#+\s*/, "").trim() : "";
  return said.slice(0, 40) || say("tab", { number: tab.id });
}

/** Draws the row of tabs, and again whenever something changes. */
export function tabRow(desk: Desk, place: HTMLElement): () => void {
  const { say, tabs } = desk;
  const row = document.createElement("nav"), list = document.createElement("ul");
  row.setAttribute("aria-label", say("tabs"));
  row.append(list);
  place.replaceChildren(row);
  place.hidden = false;

  function turnTo(id: number): void {
    tabs.active = id;
    tabs.save();
    replaceText(desk.view, tabs.current.text);
    draw();
    desk.view.focus();
  }

  function draw(): void {
    list.replaceChildren();
    for (const tab of tabs.tabs) {
      const item = document.createElement("li"), title = titleOf(tab, say), turn = button(title, "tab", () => turnTo(tab.id));
      if (tab.id === tabs.active) {
        turn.setAttribute("aria-current", "true");
        const close = button("×", "tab close", () => {
          tabs.close(tab.id, desk.blank);
          turnTo(tabs.active);
        });
        close.setAttribute("aria-label", say("tab.close", { title }));
        item.append(turn, close);
      } else item.append(turn);
      list.append(item);
    }
    const more = document.createElement("li");
    const add = button("+", "tab", () => {
      if (tabs.tabs.length >= MOST_TABS) return desk.announce(say("tab.full"));
      const id = Math.max(...tabs.tabs.map((tab) => tab.id)) + 1;
      tabs.tabs.push({ id, text: "" });
      turnTo(id);
    });
    add.setAttribute("aria-label", say("tab.new"));
    more.append(add);
    list.append(more);
  }

  draw();
  return draw;
}

/** Shows a text in a tab; says so where no more fit. */
export function open(desk: Desk, text: string, draw: () => void): boolean {
  if (!desk.tabs.open(text, desk.blank)) {
    desk.announce(desk.say("tab.full"));
    return false;
  }
  replaceText(desk.view, text);
  draw();
  return true;
}

/** The link, PREFIX lines, and the list of what was asked. */
export function toolRow(desk: Desk, place: HTMLElement, draw: () => void): void {
  const { say, told, view, tabs } = desk;
  const link = document.createElement("input");
  link.readOnly = true;
  link.hidden = true;
  link.setAttribute("aria-label", say("link.here"));
  const copy = button(say("link"), "plain", () => {
    const address = desk.address();
    link.hidden = true;
    if (address === null) return desk.announce(say("link.long"));
    const byHand = (): void => {
      link.hidden = false;
      link.value = address;
      link.select();
      desk.announce(say("link.here"));
    };
    // Without a secure connection a browser has no clipboard for pages.
    if (!navigator.clipboard) return byHand();
    navigator.clipboard.writeText(address).then(() => desk.announce(say("link.copied")), byHand);
  });
  const declare = button(say("declare"), "plain", () => {
    const lines = missingLines(view.state.doc.toString(), { ...told.known, ...told.prefixes });
    if (lines.length) view.dispatch({ changes: { from: 0, insert: `${lines.join("\n")}\n` } });
    desk.announce(!lines.length ? say("declared.none") : lines.length === 1 ? say("declared.one") : say("declared", { count: lines.length }));
  });
  const before = document.createElement("details"), summary = document.createElement("summary"), list = document.createElement("div");
  before.className = "asked";
  summary.textContent = say("history");
  before.append(summary, list);
  before.addEventListener("toggle", () => {
    const items = document.createElement("ul");
    for (const { text, at } of tabs.asked) {
      const item = document.createElement("li"), when = document.createElement("time"), short = text.replace(/\s+/g, " ").trim();
      when.dateTime = new Date(at).toISOString();
      when.textContent = new Date(at).toLocaleString(told.language, { dateStyle: "short", timeStyle: "short" });
      item.append(when, " ", button(short.length > 110 ? `${short.slice(0, 110)}…` : short, "quiet", () => {
        if (open(desk, text, draw)) view.focus();
      }));
      items.append(item);
    }
    const clear = button(say("history.clear"), "plain", () => {
      tabs.forget();
      list.textContent = say("history.empty");
    });
    if (tabs.asked.length) list.replaceChildren(items, clear);
    else list.textContent = say("history.empty");
  });
  place.append(copy, declare, link, before);
  place.hidden = false;
}
