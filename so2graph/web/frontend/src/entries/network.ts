// The page of the network: the picture that moves, its keys and buttons, its filters, and its address.
import { isolated } from "../bidi";
import { Network, fold, type View, type Way } from "../network/data";
import { Panel, type Given } from "../network/panel";
import { Picture, hasWebGL, type Canvas, type Lit } from "../network/picture";
import { readState, writeState, type Names, type State } from "../network/state";

const page = document.getElementById("network");
const block = document.getElementById("network-data");

function load(given: Given): Promise<Network> {
  return fetch(given.data, { headers: { Accept: "application/json" } }).then(async (answer) => {
    if (!answer.ok) throw new Error(answer.status === 503 ? "busy" : "failed");
    return new Network(await answer.json(), given.language);
  });
}

class Page {
  private readonly names: Names;
  private readonly panel: Panel;
  private readonly picture: Picture;
  private state: State;
  private past: State[] = [];
  private picking = false;
  private view!: View;
  private lit: Lit | null = null;

  constructor(private readonly root: HTMLElement, private readonly network: Network, private readonly given: Given, canvas: Canvas) {
    this.panel = new Panel(network, given, (node) => this.choose(node));
    this.names = {
      modalities: given.modality_names, kinds: given.kind_names, name: (node) => this.panel.name(node), find: (name) => network.find(name, given.things),
    };
    this.state = readState(new URLSearchParams(location.search), this.names);
    this.fromState();
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    this.picture = new Picture(network, canvas, this.shown(), () => still.matches);
    this.listen(canvas);
    this.fillForm();
    this.words();
    if (this.lit) this.picture.look(this.lit.nodes);
  }

  private shown() {
    return { view: this.view, lit: this.lit, only: this.state.only && !!this.lit, chosen: this.state.select, picked: this.state.from };
  }

  /** Works out what is in view and what is lit. */
  private fromState(): void {
    const { state } = this;
    this.view = this.network.view({ modalities: state.modalities, kinds: state.kinds, year: state.year });
    const words = this.query();
    if (state.from >= 0 && state.to >= 0) {
      const way = this.way();
      this.lit = { nodes: new Set(way?.nodes ?? [state.from, state.to]), edges: new Set(way?.edges ?? []) };
    } else if (state.select >= 0) {
      this.lit = { nodes: this.network.within(this.view, state.select, state.steps), edges: null };
    } else if (words.length) {
      const found = [...this.network.folded.keys()].filter((at) => this.view.nodes[at] && words.every((word) => this.network.folded[at]!.includes(word)));
      this.lit = { nodes: new Set(found), edges: null };
    } else this.lit = null;
  }

  private query(): string[] { return fold(this.state.text).split(/\s+/).filter(Boolean); }

  private way(): Way | null { return this.network.way(this.view, this.state.from, this.state.to); }

  /** Takes on another state, keeps the one before for `back`, and shows it everywhere. */
  private become(change: Partial<State>, { look = true, keep = true } = {}): void {
    const inside = this.root.contains(document.activeElement);
    if (keep) this.past.push({ ...this.state });
    if (this.past.length > 50) this.past.shift();
    this.state = { ...this.state, ...change };
    this.fromState();
    if (!this.lit) this.state.only = false;
    this.picture.show(this.shown());
    if (look) this.picture.look(this.lit && this.lit.nodes.size ? this.lit.nodes : null);
    history.replaceState(null, "", writeState(new URL(location.href), this.state, this.names));
    this.words();
    // What was focused may be gone from the lists; keys go on working.
    if (inside && !this.root.contains(document.activeElement)) this.picture.box.focus({ preventScroll: true });
  }

  /** The lists, the card, the buttons: everything that says what is seen. */
  private words(): void {
    const { state } = this, near = state.select >= 0 || state.to >= 0 ? this.lit?.nodes ?? null : null;
    this.panel.show(this.view, near, state.select >= 0 ? [] : this.query(), state.select);
    if (state.from >= 0 && state.to >= 0) this.panel.tell(this.panel.way(state.from, state.to, this.way(), state.modalities));
    else if (state.select >= 0) this.panel.node(state.select, this.view);
    else this.panel.clear();
    const chosen = state.select >= 0;
    for (const step of [1, 2, 3]) this.button(String(step), { pressed: chosen && state.steps === step, disabled: !chosen });
    this.button("focus", { pressed: state.only, disabled: !this.lit });
    this.button("pick", { pressed: this.picking });
    for (const link of document.querySelectorAll<HTMLAnchorElement>("a.language, [data-drawing]")) {
      const address = new URL(link.href), lang = address.searchParams.get("lang");
      const next = writeState(address, this.state, this.names);
      if (this.given.live) {
        if (lang) next.searchParams.set("lang", lang);
        next.search = next.search.replaceAll("%2C", ",");
        link.href = next.href;
      }
    }
  }

  private button(name: string, { pressed, disabled }: { pressed: boolean; disabled?: boolean }): void {
    const button = this.root.querySelector<HTMLButtonElement>(`[data-do="${name}"]`);
    if (!button) return;
    button.setAttribute("aria-pressed", String(pressed));
    if (disabled !== undefined) button.disabled = disabled;
  }

  /** A node is clicked, or taken from the list. */
  private choose(node: number): void {
    const { state } = this, name = this.network.label[node]!;
    if (this.picking && state.from < 0) {
      this.become({ from: node, to: -1, select: -1, text: "" }, { look: false });
      this.panel.tell(this.panel.say("pick.second", { name }));
      return;
    }
    if (this.picking && node !== state.from) {
      this.picking = false;
      this.become({ to: node, select: -1, text: "" });
      return;
    }
    this.become({ select: node, steps: 1, from: -1, to: -1 });
    const count = [...this.network.linksOf(node)].filter((at) => this.view.edges[at]).length;
    this.panel.tell(this.panel.say("selected", { name, type: this.network.type(node), links: this.panel.links(count) }));
    this.panel.focus(node);
  }

  private steps(count: number): void {
    if (this.state.select < 0) return;
    this.become({ steps: count });
    this.panel.tell(this.panel.say("steps", { count: this.panel.many("thing", Math.max(0, (this.lit?.nodes.size ?? 0) - 1)), steps: this.panel.many("step", count), name: this.network.label[this.state.select]! }));
  }

  private only(): void {
    if (!this.lit) return;
    this.become({ only: !this.state.only });
    this.panel.tell(this.panel.say(this.state.only ? "focused" : "unfocused", { count: this.lit?.nodes.size ?? 0 }));
  }

  private pick(): void {
    this.picking = !this.picking;
    const begin = this.picking && this.state.select >= 0 ? this.state.select : -1;
    this.become({ from: begin, to: -1, select: -1, only: false }, { look: false });
    if (!this.picking) this.panel.tell(this.panel.say("pick.none"));
    else if (begin < 0) this.panel.tell(this.panel.say("pick.first"));
    else this.panel.tell(this.panel.say("pick.second", { name: this.network.label[begin]! }));
  }

  private back(): void {
    this.picking = false;
    const before = this.past.pop();
    const nothing = { select: -1, from: -1, to: -1, only: false, text: "", steps: 1 };
    this.become(before ?? nothing, { keep: false });
    this.fillForm();
    const { select, from, to } = this.state;
    if (select >= 0) this.panel.tell(isolated(this.network.label[select]!));
    else if (from < 0 || to < 0) this.panel.tell(this.panel.say("nothing"));
  }

  private keys(): void {
    const box = document.getElementById("network-keys"), button = this.root.querySelector<HTMLButtonElement>('[data-do="keys"]');
    if (!box) return;
    box.hidden = !box.hidden;
    button?.setAttribute("aria-expanded", String(!box.hidden));
  }

  private png(): void {
    this.picture.png((file) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(file);
      link.download = `so2graph-${this.panel.say("png")}.png`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    });
  }

  private readonly doing: Record<string, () => void> = {
    in: () => this.picture.by(0, 0, 1 / 1.5), out: () => this.picture.by(0, 0, 1.5), all: () => this.picture.look(null),
    "1": () => this.steps(1), "2": () => this.steps(2), "3": () => this.steps(3),
    focus: () => this.only(), pick: () => this.pick(), back: () => this.back(), keys: () => this.keys(), png: () => this.png(),
  };

  private listen(canvas: Canvas): void {
    for (const button of document.querySelectorAll<HTMLButtonElement>("[data-do]")) button.addEventListener("click", () => this.doing[button.dataset["do"]!]?.());
    const { renderer } = this.picture;
    renderer.on("clickNode", ({ node }) => this.choose(Number(node)));
    renderer.on("doubleClickStage", ({ preventSigmaDefault }) => preventSigmaDefault());
    canvas.addEventListener("pointerdown", () => canvas.focus({ preventScroll: true }));
    canvas.addEventListener("keydown", (event) => this.arrows(event));
    this.root.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("so2graph:theme", () => this.picture.recolour());
    const form = this.root.querySelector<HTMLFormElement>(".netfilter");
    form?.addEventListener("submit", (event) => { event.preventDefault(); this.filter(form); });
    form?.addEventListener("input", () => this.filter(form));
    const search = document.getElementById("network-search");
    search?.addEventListener("keydown", (event) => {
      if ((event as KeyboardEvent).key === "Enter") { event.preventDefault(); this.root.querySelector<HTMLButtonElement>("#network-list button")?.click(); }
    });
  }

  private filter(form: HTMLFormElement): void {
    const given = new FormData(form), all = (name: string, names: string[]): Set<number> => new Set(given.getAll(name).map((value) => names.indexOf(String(value))).filter((at) => at >= 0));
    const absent = (names: string[], key: "modalities" | "kinds"): number[] =>
      // What the network does not have has no box; it stays as it is.
      [...names.keys()].filter((at) => !form.querySelector(`input[value="${names[at]!}"]`) && this.state[key].has(at));
    const text = String(given.get("q") ?? "").trim(), searching = text !== this.state.text;
    this.become({
      modalities: new Set([...all("modality", this.names.modalities), ...absent(this.names.modalities, "modalities")]),
      kinds: new Set([...all("type", this.names.kinds), ...absent(this.names.kinds, "kinds")]),
      year: String(given.get("year") ?? ""), text, ...(searching && text ? { select: -1, from: -1, to: -1 } : {}),
    }, { look: searching, keep: !searching });
    if (this.state.from < 0 || this.state.to < 0) {
      this.panel.tell(this.panel.say("ready", { nodes: searching && this.lit ? this.lit.nodes.size : this.view.nodeCount, edges: this.view.edgeCount }));
    }
  }

  private fillForm(): void {
    const form = this.root.querySelector<HTMLFormElement>(".netfilter");
    if (!form) return;
    for (const box of form.querySelectorAll<HTMLInputElement>("input")) {
      if (box.name === "modality") box.checked = this.state.modalities.has(this.names.modalities.indexOf(box.value));
      else if (box.name === "type") box.checked = this.state.kinds.has(this.names.kinds.indexOf(box.value));
      else if (box.name === "year") box.checked = box.value === this.state.year;
      else if (box.name === "q") box.value = this.state.text;
    }
  }

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement, typing = target.matches('input:not([type="checkbox"], [type="radio"]), textarea, select');
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") { event.preventDefault(); this.back(); return; }
    if (typing) return;
    const named: Record<string, string> = { "1": "1", "2": "2", "3": "3", f: "focus", p: "pick", "0": "all", "+": "in", "=": "in", "-": "out", "?": "keys" };
    const what = named[event.key.toLowerCase()];
    if (!what) return;
    event.preventDefault();
    this.doing[what]?.();
  }

  private arrows(event: KeyboardEvent): void {
    const by: Record<string, [number, number]> = { ArrowLeft: [-0.15, 0], ArrowRight: [0.15, 0], ArrowUp: [0, 0.15], ArrowDown: [0, -0.15] };
    const moved = by[event.key];
    if (moved) { event.preventDefault(); this.picture.by(...moved); }
    if (event.key === "Enter") {
      const node = this.picture.pointed >= 0 ? this.picture.pointed : this.picture.middle();
      if (node >= 0) { event.preventDefault(); this.choose(node); }
    }
  }
}

async function begin(root: HTMLElement, given: Given): Promise<void> {
  const status = document.getElementById("network-status"), frame = document.getElementById("network-picture");
  const tell = (text: string): void => { if (status) status.textContent = text; };
  if (!frame || !hasWebGL()) { tell(given.words["failed"] ?? ""); return; }
  const said = status?.textContent ?? "";
  tell(given.words["loading"] ?? "");
  let network: Network;
  try {
    network = await load(given);
  } catch (error) {
    tell(given.words[error instanceof Error && error.message === "busy" ? "busy" : "failed"] ?? "");
    return;
  }
  const canvas: Canvas = document.createElement("div");
  canvas.className = "netcanvas";
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", frame.querySelector(".scroll")?.getAttribute("aria-label") ?? "");
  canvas.setAttribute("aria-describedby", "network-status");
  frame.prepend(canvas);
  root.classList.add("netready");
  for (const hidden of document.querySelectorAll<HTMLElement>("[data-needs-script]")) hidden.hidden = false;
  tell(said);
  new Page(root, network, given, canvas);
  if (status && !status.textContent) tell((given.words["ready"] ?? "").replace("{nodes}", String(network.size)).replace("{edges}", String(network.data.edges.source.length)));
}

if (page && block) void begin(page, JSON.parse(block.textContent ?? "{}") as Given);
