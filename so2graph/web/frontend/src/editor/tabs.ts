// The queries that the browser keeps: open tabs and what was asked. Texts only; never an answer.
import { keep, kept } from "../kept";

export interface Tab {
  id: number;
  text: string;
}

export interface Asked {
  text: string;
  /** When, in milliseconds since 1970. */
  at: number;
}

export const MOST_TABS = 20;
const MOST_ASKED = 50;
const MOST_LETTERS = 500_000;

interface State {
  tabs: Tab[];
  active: number;
}

function read<T>(name: string, fits: (value: unknown) => value is T): T | null {
  try {
    const value: unknown = JSON.parse(kept(name) ?? "null");
    return fits(value) ? value : null;
  } catch {
    return null;
  }
}

const isText = (value: unknown): value is { text: string } => typeof (value as { text?: unknown } | null)?.text === "string";
const isState = (value: unknown): value is State => {
  const state = value as State | null;
  return Array.isArray(state?.tabs) && state.tabs.length > 0 && state.tabs.every((tab) => isText(tab) && typeof tab.id === "number") && typeof state.active === "number";
};
const isAsked = (value: unknown): value is Asked[] => Array.isArray(value) && value.every((one) => isText(one) && typeof (one as Asked).at === "number");

/** What is kept, and what is too much to keep. */
export class Tabs {
  tabs: Tab[];
  active: number;
  asked: Asked[];
  /** Whether the browser took what it was given last. */
  safe = true;

  constructor(first: string) {
    const state = read("editor.tabs", isState);
    this.tabs = state?.tabs.slice(0, MOST_TABS) ?? [{ id: 1, text: first }];
    this.active = this.tabs.some(({ id }) => id === state?.active) ? state!.active : this.tabs[0]!.id;
    this.asked = read("editor.asked", isAsked)?.slice(0, MOST_ASKED) ?? [];
  }

  get current(): Tab {
    return this.tabs.find(({ id }) => id === this.active) ?? this.tabs[0]!;
  }

  /** Shows a text: in the tab that has it, in this one where it is empty, else in a new one. False when none fits. */
  open(text: string, blank: string): boolean {
    const known = this.tabs.find((tab) => tab.text === text);
    if (known) this.active = known.id;
    else if (!this.current.text.trim() || this.current.text === blank) this.current.text = text;
    else if (this.tabs.length >= MOST_TABS) return false;
    else {
      const id = Math.max(...this.tabs.map((tab) => tab.id)) + 1;
      this.tabs.push({ id, text });
      this.active = id;
    }
    this.save();
    return true;
  }

  close(id: number, blank: string): void {
    const at = this.tabs.findIndex((tab) => tab.id === id);
    this.tabs = this.tabs.filter((tab) => tab.id !== id);
    if (!this.tabs.length) this.tabs = [{ id: 1, text: blank }];
    if (this.active === id) this.active = this.tabs[Math.min(Math.max(0, at), this.tabs.length - 1)]!.id;
    this.save();
  }

  write(text: string): void {
    this.current.text = text;
    this.save();
  }

  remember(text: string): void {
    this.asked = [{ text, at: Date.now() }, ...this.asked.filter((one) => one.text !== text)].slice(0, MOST_ASKED);
    this.save();
  }

  forget(): void {
    this.asked = [];
    keep("editor.asked", null);
  }

  /** Keeps everything; the oldest of what was asked goes first where there is no room. */
  save(): void {
    let room = MOST_LETTERS;
    this.asked = this.asked.filter(({ text }) => (room -= text.length) > 0);
    const small = this.tabs.reduce((sum, { text }) => sum + text.length, 0) <= MOST_LETTERS;
    const tabs = small && keep("editor.tabs", JSON.stringify({ tabs: this.tabs, active: this.active }));
    let asked = keep("editor.asked", JSON.stringify(this.asked));
    while (!asked && this.asked.length) {
      this.asked.splice(Math.ceil(this.asked.length / 2) - 1);
      asked = keep("editor.asked", JSON.stringify(this.asked));
    }
    this.safe = tabs && asked;
  }
}
