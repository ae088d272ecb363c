// Asks the service, lets the reader stop it, and puts the answer as the service made it into the page.
import { checked } from "./check";
import { seconds, type Say, type Told } from "./words";

/** What the service says when it does not answer (RFC 9457). */
export interface Problem {
  type?: string;
  title?: string;
  detail?: string;
  mend?: string;
  line?: number;
  column?: number;
  /** Whether `detail` and `mend` are in the reader's language; else they are English. */
  translated?: boolean;
}

export type Outcome = { kind: "answer"; heading: HTMLElement | null; empty: boolean } | { kind: "problem" } | { kind: "stopped" };

interface Parts {
  told: Told;
  say: Say;
  result: HTMLElement;
  run: HTMLButtonElement;
  stop: HTMLButtonElement;
  status: HTMLElement;
  goTo: (line: number, column: number) => void;
}

/** The longest address that is asked; longer queries are sent as a form, and have no link. */
export const LONGEST = 6000;

export class Runner {
  private stopper: AbortController | null = null;

  constructor(private readonly parts: Parts) {
    parts.stop.addEventListener("click", () => this.stop());
  }

  get running(): boolean {
    return this.stopper !== null;
  }

  /** Hangs up: the service ends the reader that is at work. */
  stop(): void {
    this.stopper?.abort();
  }

  /** Asks what `query` (the parameters of a page) says, and shows the answer. */
  async ask(query: URLSearchParams): Promise<Outcome> {
    this.stop();
    const stopper = (this.stopper = new AbortController());
    const { parts } = this, started = performance.now();
    const taken = (): string => seconds(performance.now() - started, parts.told.language);
    this.busy(true);
    const clock = setInterval(() => this.tell("running", { seconds: taken() }, false), 200);
    try {
      const response = await this.send(query, stopper.signal);
      const body = await response.text();
      if (!response.ok) {
        this.problem(await this.translated(problemOf(response, body), query.get("query") ?? "", stopper.signal));
        this.tell("failed");
        return { kind: "problem" };
      }
      return this.show(body, taken());
    } catch (error) {
      if (stopper.signal.aborted) {
        if (this.stopper === stopper) this.tell("stopped", { seconds: taken() });
        return { kind: "stopped" };
      }
      if (!(error instanceof TypeError)) throw error;
      this.problem({ title: parts.say("unreachable") });
      this.tell("unreachable");
      return { kind: "problem" };
    } finally {
      clearInterval(clock);
      if (this.stopper === stopper) {
        this.stopper = null;
        this.busy(false);
      }
    }
  }

  /** A fault of syntax, told as the list of problems beside the text tells it: in the same words, at the same place. */
  private async translated(problem: Problem, text: string, signal: AbortSignal): Promise<Problem> {
    const { root, language } = this.parts.told;
    if (slugOf(problem) !== "query-syntax") return problem;
    const first = (await checked(`${root}sparql/check`, language, text, signal))?.errors[0];
    if (!first) return problem;
    const { line, column, message, mend } = first;
    return { ...problem, line, column, detail: message, mend, translated: true };
  }

  private send(query: URLSearchParams, signal: AbortSignal): Promise<Response> {
    const { root } = this.parts.told, headers = { Accept: "application/problem+json, text/html;q=0.9" };
    const asked = new URLSearchParams(query), text = asked.get("query") ?? "";
    asked.set("format", "html");
    if (text.length <= LONGEST) return fetch(`${root}sparql?${asked}`, { headers, signal });
    asked.delete("query");
    const graphs = ["default-graph-uri", "named-graph-uri"].flatMap((name) => asked.getAll(name).map((iri): [string, string] => [name, iri]));
    graphs.forEach(([name]) => asked.delete(name));
    return fetch(`${root}sparql?${asked}`, { method: "POST", headers, body: new URLSearchParams([["query", text], ...graphs]), signal });
  }

  private show(html: string, taken: string): Outcome {
    const { parts } = this;
    const made = new DOMParser().parseFromString(html, "text/html").querySelector("#result");
    if (!made) throw new Error("the page has no place for an answer");
    parts.result.replaceChildren(...made.childNodes);
    const number = parts.result.querySelector<HTMLElement>(".answer")?.dataset["count"];
    const empty = parts.result.querySelector(".empty") !== null, heading = parts.result.querySelector<HTMLElement>("#answer");
    if (empty) this.tell("none", { seconds: taken });
    else if (!number) this.tell("done", { seconds: taken });
    else this.tell(number === "1" ? "row" : "rows", { count: Number(number).toLocaleString(parts.told.language), seconds: taken });
    document.dispatchEvent(new CustomEvent("so2graph:answer", { detail: parts.result }));
    return { kind: "answer", heading, empty };
  }

  private problem(problem: Problem): void {
    const { parts } = this, { say, told } = parts;
    const heading = document.createElement("h2"), box = document.createElement("div");
    heading.id = "answer";
    heading.tabIndex = -1;
    heading.textContent = say("failed");
    box.className = "problem";
    const lines = [told.errors[slugOf(problem)] ?? problem.title ?? "", problem.detail ?? "", problem.mend ?? ""];
    lines.filter(Boolean).forEach((line, index) => {
      const p = document.createElement("p");
      p.textContent = line;
      if (index > 0 && !problem.translated) p.lang = "en";
      box.append(p);
    });
    if (problem.line && problem.column) {
      const { line, column } = problem, button = document.createElement("button");
      button.type = "button";
      button.className = "plain";
      button.textContent = say("goto", { line, column });
      button.addEventListener("click", () => parts.goTo(line, column));
      box.append(button);
    }
    parts.result.replaceChildren(heading, box);
  }

  private busy(on: boolean): void {
    this.parts.stop.hidden = !on;
    this.parts.result.setAttribute("aria-busy", String(on));
    this.parts.result.classList.toggle("old", on);
  }

  /** Says how it stands; what only counts on is not read aloud. */
  private tell(key: string, values: Record<string, string | number> = {}, aloud = true): void {
    this.parts.status.setAttribute("aria-live", aloud ? "polite" : "off");
    this.parts.status.textContent = this.parts.say(key, values);
  }
}

/** The name of a kind of problem, at the end of its address. */
function slugOf(problem: Problem): string {
  return (problem.type ?? "").split("/").pop() ?? "";
}

function problemOf(response: Response, body: string): Problem {
  try {
    return JSON.parse(body) as Problem;
  } catch {
    return { title: `${response.status} ${response.statusText}` };
  }
}
