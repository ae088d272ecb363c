// The network as the service sends it: columns of nodes and edges, and what can be asked of them.

export interface Named { iri: string; label_nl: string; label_en: string }

interface Payload {
  base: string; modalities: string[]; types: Named[]; relations: Named[]; times: number[][];
  nodes: { iri: string[]; label_nl: string[]; label_en: (string | null)[]; type: number[]; kind: number[]; x: number[]; y: number[]; size: number[]; hub: number[]; dated: number[] };
  edges: { source: number[]; target: number[]; relation: number[]; modality: number[]; year: number[] };
}

/** What is looked at; sets of indices, a year (empty for all). */
export interface Choice { modalities: ReadonlySet<number>; kinds: ReadonlySet<number>; year: string }

/** What of the network is in view: a flag for each node and each edge. */
export interface View { nodes: Uint8Array; edges: Uint8Array; nodeCount: number; edgeCount: number }

/** A way: nodes by index, and the edges between them. */
export interface Way { nodes: number[]; edges: number[] }

const FIRST = 2016, LAST = 2018;

function inYear(years: number[], year: string): boolean {
  if (!year || !years.length) return true;
  if (year === "earlier") return years.some((one) => one < FIRST);
  if (year === "later") return years.some((one) => one > LAST);
  return years.includes(Number(year));
}

export class Network {
  readonly label: string[];
  readonly folded: string[];
  readonly iri: string[];
  /** The edges of node n are `links[starts[n]]` to `links[starts[n + 1] - 1]`. */
  private readonly starts: Int32Array;
  private readonly links: Int32Array;

  constructor(readonly data: Payload, private readonly language: string) {
    const { nodes, edges } = data, count = nodes.iri.length;
    this.iri = nodes.iri.map((iri) => (iri.includes(":") ? iri : data.base + iri));
    this.label = language === "nl" ? nodes.label_nl : nodes.label_nl.map((nl, at) => nodes.label_en[at] ?? nl);
    this.folded = this.label.map((label) => fold(label));
    this.starts = new Int32Array(count + 1);
    for (let at = 0; at < edges.source.length; at++) {
      const source = edges.source[at]!, target = edges.target[at]!;
      this.starts[source + 1]!++;
      if (target !== source) this.starts[target + 1]!++;
    }
    for (let at = 0; at < count; at++) this.starts[at + 1]! += this.starts[at]!;
    const next = this.starts.slice();
    this.links = new Int32Array(this.starts[count]!);
    for (let at = 0; at < edges.source.length; at++) {
      const source = edges.source[at]!, target = edges.target[at]!;
      this.links[next[source]!++] = at;
      if (target !== source) this.links[next[target]!++] = at;
    }
  }

  get size(): number { return this.iri.length; }

  linksOf(node: number): Int32Array { return this.links.subarray(this.starts[node]!, this.starts[node + 1]!); }

  other(edge: number, node: number): number {
    const source = this.data.edges.source[edge]!;
    return source === node ? this.data.edges.target[edge]! : source;
  }

  name(value: Named): string { return this.language === "nl" ? value.label_nl : value.label_en; }
  type(node: number): string { return this.name(this.data.types[this.data.nodes.type[node]!]!); }
  relation(edge: number): string { return this.name(this.data.relations[this.data.edges.relation[edge]!]!); }
  years(edge: number): number[] { return this.data.times[this.data.edges.year[edge]!]!; }

  /** The node that an address names: by the part after `id/`, or by its whole IRI; -1 for none. */
  find(name: string, things: string): number {
    if (!name) return -1;
    const whole = this.iri.indexOf(name.includes(":") ? name : things + name);
    if (whole >= 0) return whole;
    const wanted = fold(name);
    return this.folded.indexOf(wanted);
  }

  view(choice: Choice): View {
    const { nodes, edges, times } = this.data;
    const timely = times.map((years) => inYear(years, choice.year));
    const seen: View = { nodes: new Uint8Array(this.size), edges: new Uint8Array(edges.source.length), nodeCount: 0, edgeCount: 0 };
    for (let at = 0; at < this.size; at++) {
      if (choice.kinds.has(nodes.kind[at]!) && timely[nodes.dated[at]!]) { seen.nodes[at] = 1; seen.nodeCount++; }
    }
    for (let at = 0; at < edges.source.length; at++) {
      if (choice.modalities.has(edges.modality[at]!) && timely[edges.year[at]!] && seen.nodes[edges.source[at]!] && seen.nodes[edges.target[at]!]) {
        seen.edges[at] = 1;
        seen.edgeCount++;
      }
    }
    return seen;
  }

  /** The nodes at most so many steps from one, over what is in view. */
  within(seen: View, start: number, steps: number): Set<number> {
    const found = new Set([start]);
    let ahead = [start];
    for (let step = 0; step < steps; step++) {
      const next: number[] = [];
      for (const node of ahead) {
        for (const edge of this.linksOf(node)) {
          const other = this.other(edge, node);
          if (seen.edges[edge] && !found.has(other)) { found.add(other); next.push(other); }
        }
      }
      ahead = next;
    }
    return found;
  }

  /** The most certain way, as the service finds it: by the weakest edge, then by how many are no fact, then the shortest. */
  way(seen: View, start: number, end: number): Way | null {
    for (let weakest = 0; weakest < this.data.modalities.length; weakest++) {
      const found = this.cheapest(seen, start, end, weakest);
      if (found) return found;
    }
    return null;
  }

  /** By buckets of cost: an edge that is no fact costs `many`, each edge 1; from the end, then along what is cheapest. */
  private cheapest(seen: View, start: number, end: number, weakest: number): Way | null {
    const { modality } = this.data.edges, many = 1 << 12;
    const costs = new Map<number, number>([[end, 0]]), done = new Set<number>();
    const buckets = new Map<number, number[]>([[0, [end]]]), order = [0];
    const allowed = (edge: number): boolean => !!seen.edges[edge] && modality[edge]! <= weakest;
    const price = (edge: number): number => 1 + (modality[edge] ? many : 0);
    while (order.length && !done.has(start)) {
      const cost = order.shift()!;
      for (const node of buckets.get(cost)!) {
        if (done.has(node)) continue;
        done.add(node);
        for (const edge of this.linksOf(node)) {
          if (!allowed(edge)) continue;
          const other = this.other(edge, node), more = cost + price(edge);
          if (done.has(other) || (costs.get(other) ?? Infinity) <= more) continue;
          costs.set(other, more);
          const bucket = buckets.get(more);
          if (bucket) { bucket.push(other); continue; }
          buckets.set(more, [other]);
          let at = order.length;
          while (at > 0 && order[at - 1]! > more) at--;
          order.splice(at, 0, more);
        }
      }
    }
    if (!done.has(start)) return null;
    const way: Way = { nodes: [start], edges: [] };
    for (let here = start; here !== end;) {
      let best: [number, number, number] | null = null;
      for (const edge of this.linksOf(here)) {
        const other = this.other(edge, here);
        if (!allowed(edge) || !done.has(other) || costs.get(other)! + price(edge) !== costs.get(here)!) continue;
        const one: [number, number, number] = [other, modality[edge]!, edge];
        if (!best || one[0] < best[0] || (one[0] === best[0] && (one[1] < best[1] || (one[1] === best[1] && edge < best[2])))) best = one;
      }
      if (!best) return null;
      way.nodes.push(best[0]);
      way.edges.push(best[2]);
      here = best[0];
    }
    return way;
  }
}

/** A text as it is compared: small letters, without accents. */
export function fold(text: string): string {
  return text.toLocaleLowerCase().normalize("NFD").replace(/\p{Diacritic}/gu, "");
}
