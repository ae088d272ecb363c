// The lists beside the picture: the same network in words, made anew whenever something else is looked at.
import { isolated } from "../bidi";
import type { Network, View, Way } from "./data";

/** What the page gives the script: where things are, and the words. */
export interface Given {
  data: string; things: string; root: string; live: boolean; language: string; chosen: boolean; base: string;
  modalities: string[]; modality_names: string[]; kind_names: string[]; words: Record<string, string>;
}

const ROWS = 100, LINKS = 200;

function element<Name extends keyof HTMLElementTagNameMap>(name: Name, text = "", more: Record<string, string> = {}): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  for (const [key, value] of Object.entries(more)) made.setAttribute(key, value);
  return made;
}

/** A name, in an element that keeps its direction to itself. */
function named(text: string): HTMLElement { return element("bdi", text); }

function part<Kind extends HTMLElement>(id: string): Kind {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no ${id}`);
  return found as Kind;
}

export class Panel {
  private first = 0;
  private listed: number[] = [];
  private readonly degree: Int32Array;
  private readonly status = part("network-status");
  private readonly list = part("network-list");
  private readonly count = part("network-list-count");
  private readonly card = part("network-card");
  private readonly rows = part("network-links-rows");
  private readonly linksCount = part("network-links-count");
  private readonly pages: HTMLElement;
  private readonly pagesOf = new Map<string, string>();

  constructor(private readonly network: Network, private readonly given: Given, private readonly choose: (node: number) => void) {
    this.degree = new Int32Array(network.size);
    document.querySelector(".netpages")?.remove();
    // A site of plain files names its pages in ways of its own: they are where its list leads.
    if (!given.live) for (const link of document.querySelectorAll<HTMLAnchorElement>("#network-list a[data-node]")) this.pagesOf.set(link.dataset["node"]!, link.href);
    this.pages = element("p", "", { class: "netpages" });
    this.list.after(this.pages);
  }

  /** A text of the page with its places filled in. */
  say(key: string, values: Record<string, string | number> = {}): string {
    return (this.given.words[key] ?? key).replace(/\{(\w+)\}/g, (_, name: string) => isolated(String(values[name] ?? "")));
  }

  /** Says something to who looks and to who listens. */
  tell(text: string): void { this.status.textContent = text; }

  /** The address of the page about a node; null where nothing here is about it. */
  page(node: number): string | null {
    const iri = this.network.iri[node]!, { things, root, live, language, chosen } = this.given;
    if (!iri.startsWith(things)) return /^https?:/.test(iri) ? iri : null;
    const local = iri.slice(things.length).split("/").map((one) => encodeURIComponent(decode(one))).join("/");
    if (live) return `${root}doc/${local}${chosen ? `?lang=${language}` : ""}`;
    return this.pagesOf.get(this.name(node)) ?? null;
  }

  /** So many of something, in the singular or the plural. */
  many(key: string, count: number): string { return count === 1 ? this.say(key) : this.say(`${key}.many`, { count }); }

  links(count: number): string { return count === 1 ? this.say("link") : this.say("links", { count }); }

  private sign(node: number): SVGElement | null {
    const kind = this.given.kind_names[this.network.data.nodes.kind[node]!]!;
    const sample = document.querySelector(`.netlegend input[value="${kind}"] ~ svg`);
    return sample ? (sample.cloneNode(true) as SVGElement) : null;
  }

  /** Lists the nodes in view, of those `near` where it is given, whose name has all words; hubs first. */
  show(view: View, near: ReadonlySet<number> | null, words: string[], chosen: number): number[] {
    this.degree.fill(0);
    const { edges, nodes } = this.network.data;
    for (let at = 0; at < edges.source.length; at++) {
      if (!view.edges[at]) continue;
      this.degree[edges.source[at]!]!++;
      if (edges.source[at] !== edges.target[at]) this.degree[edges.target[at]!]!++;
    }
    const found: number[] = [];
    for (let at = 0; at < this.network.size; at++) {
      if (view.nodes[at] && (!near || near.has(at)) && words.every((word) => this.network.folded[at]!.includes(word))) found.push(at);
    }
    const rank = (at: number): number => Math.min(nodes.kind[at]!, 3);
    found.sort((a, b) => rank(a) - rank(b) || nodes.size[b]! - nodes.size[a]! || this.network.label[a]!.localeCompare(this.network.label[b]!) || a - b);
    this.listed = found;
    this.first = 0;
    this.fill(chosen);
    this.fillLinks(view, near);
    return found;
  }

  private fill(chosen: number): void {
    const shown = this.listed.slice(this.first, this.first + ROWS), total = this.listed.length;
    // Who is at a row stays there when the list is made anew.
    const active = document.activeElement, there = active instanceof HTMLElement && this.list.contains(active) ? active.dataset["at"] : undefined;
    this.count.textContent = this.say("shown", { first: total ? this.first + 1 : 0, last: this.first + shown.length, total });
    this.list.replaceChildren(...shown.map((at) => {
      const row = element("li"), text = element("span"), button = element("button", "", { type: "button", "data-at": String(at) });
      button.append(named(this.network.label[at]!));
      if (at === chosen) button.setAttribute("aria-current", "true");
      button.addEventListener("click", () => this.choose(at));
      text.append(button, element("small", `${isolated(this.network.type(at))}, ${this.links(this.degree[at]!)}`));
      const sign = this.sign(at);
      row.append(...(sign ? [sign] : []), text);
      return row;
    }));
    if (there !== undefined) this.focus(Number(there));
    if (!total) this.list.replaceChildren(element("li", this.say("search.none")));
    this.pages.replaceChildren(...[["list.prev", -ROWS], ["list.next", ROWS]].flatMap(([key, by]) => {
      const to = this.first + Number(by);
      if (to < 0 || to >= total) return [];
      const button = element("button", this.say(String(key)), { type: "button", class: "plain" });
      button.addEventListener("click", () => { this.first = to; this.fill(chosen); this.count.scrollIntoView({ block: "nearest" }); });
      return [button];
    }));
  }

  private fillLinks(view: View, near: ReadonlySet<number> | null): void {
    const { edges } = this.network.data, found: number[] = [];
    let total = 0;
    for (let modality = 0; modality < this.given.modalities.length; modality++) {
      for (let at = 0; at < edges.source.length; at++) {
        if (!view.edges[at] || edges.modality[at] !== modality || (near && !(near.has(edges.source[at]!) && near.has(edges.target[at]!)))) continue;
        total++;
        if (found.length < LINKS) found.push(at);
      }
    }
    this.linksCount.textContent = this.say("more", { shown: found.length, total });
    this.rows.replaceChildren(...found.map((at) => {
      const row = element("tr"), years = this.network.years(at);
      const certainty = element("td"), relation = element("td");
      certainty.append(this.tag(at));
      relation.append(named(this.network.relation(at)));
      row.append(this.cell(edges.source[at]!), relation, this.cell(edges.target[at]!), certainty,
        element("td", years.length ? years.join(", ") : this.say("undated")));
      return row;
    }));
  }

  private cell(node: number): HTMLTableCellElement {
    const cell = element("td"), page = this.page(node), label = named(this.network.label[node]!);
    const link = page ? element("a", "", { href: page }) : cell;
    link.append(label);
    if (link !== cell) cell.append(link);
    return cell;
  }

  private tag(edge: number): HTMLElement {
    const modality = this.network.data.edges.modality[edge]!;
    return element("span", this.given.modalities[modality]!, { class: `tag m-${this.given.modality_names[modality]!}` });
  }

  /** The card of a node: what it is, its links in words, and what may be done with it. */
  node(node: number, view: View): void {
    const edges = [...this.network.linksOf(node)].filter((at) => view.edges[at]);
    edges.sort((a, b) => this.network.data.edges.modality[a]! - this.network.data.edges.modality[b]! || a - b);
    const links = element("ul"), page = this.page(node), doing = element("p");
    links.append(...edges.slice(0, 30).map((at) => this.link(at)));
    if (edges.length > 30) links.append(element("li", this.say("more", { shown: 30, total: edges.length })));
    if (page) doing.append(element("a", this.say("profile"), { href: page }));
    if (this.given.live) {
      if (page) doing.append(" · ");
      doing.append(element("a", this.say("what.if"), { href: this.address("network/together", { leave: this.name(node) }) }));
    }
    this.card.replaceChildren(element("h2", isolated(this.network.label[node]!)), element("p", isolated(this.network.type(node)), { class: "quiet" }), doing, links);
  }

  private link(edge: number, reading = ""): HTMLLIElement {
    const { source, target, modality } = this.network.data.edges;
    const row = element("li", "", { class: `m-${this.given.modality_names[modality[edge]!]!}` });
    row.append(`${reading}${isolated(this.network.label[source[edge]!]!)} `, element("em", isolated(this.network.relation(edge))), ` ${isolated(this.network.label[target[edge]!]!)} `, this.tag(edge));
    return row;
  }

  /** The card of a way, or of there being none; says its sentence. */
  way(from: number, to: number, way: Way | null, modalities: ReadonlySet<number>): string {
    const start = this.network.label[from]!, end = this.network.label[to]!;
    const sentence = way ? this.sentence(start, end, way) : this.say("path.none", { start, end });
    const list = element("ul");
    list.append(...(way?.edges ?? []).map((at) => this.link(at)));
    const more = element("p");
    if (this.given.live) {
      const chosen: Record<string, string> = modalities.size < this.given.modalities.length ? { modality: [...modalities].sort().map((at) => this.given.modality_names[at]!).join(",") } : {};
      more.append(element("a", this.say("path.page"), { href: this.address("network/path", { ...chosen, from: this.name(from), to: this.name(to) }) }));
    }
    this.card.replaceChildren(element("h2", `${isolated(start)} → ${isolated(end)}`), element("p", sentence), list, more);
    return sentence;
  }

  private sentence(start: string, end: string, way: Way): string {
    const between = way.nodes.slice(1, -1).map((at) => isolated(this.network.label[at]!)), last = between.pop();
    const via = between.length ? `${between.join(", ")} ${this.say("path.via")} ${last}` : last ?? "";
    const weakest = Math.max(...way.edges.map((at) => this.network.data.edges.modality[at]!));
    // What is planned or hoped for is not said as if it were so.
    const key = via ? (weakest ? "path.unsure" : "path") : weakest ? "path.direct.unsure" : "path.direct";
    const said = this.say(key, { start, end, steps: way.edges.length, via });
    return `${said} ${this.say("path.weakest", { modality: this.given.modalities[weakest]! })}`;
  }

  clear(): void { this.card.replaceChildren(); }

  /** How the address names a node. */
  name(node: number): string {
    const iri = this.network.iri[node]!, { things } = this.given;
    const rest = iri.startsWith(things) ? iri.slice(things.length) : "";
    return rest && !rest.includes(":") ? rest : iri;
  }

  private address(local: string, values: Record<string, string>): string {
    const asked = new URLSearchParams(values);
    if (this.given.chosen) asked.set("lang", this.given.language);
    return `${this.given.root}${local}?${asked}`;
  }

  /** Puts the keyboard on a row of the list, where it is there. */
  focus(node: number): void { this.list.querySelector<HTMLButtonElement>(`[data-at="${node}"]`)?.focus({ preventScroll: true }); }
}

function decode(text: string): string {
  try { return decodeURIComponent(text); } catch { return text; }
}
