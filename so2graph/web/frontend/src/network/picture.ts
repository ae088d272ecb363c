// The network in WebGL: what is drawn, in which colours, and where one looks.
import Graph from "graphology";
import Sigma from "sigma";
import type { NodeDisplayData } from "sigma/types";
import type { Settings } from "sigma/settings";
import type { Network, View } from "./data";
import { LineProgram, SignProgram, paper } from "./programs";

type NodeAttributes = { x: number; y: number; size: number; sign: number; at: number; label: string };
type EdgeAttributes = { at: number; dash: number; lane: number; size: number };

/** What is lit: nodes and edges, all others being dim; null for everything alike. */
export interface Lit { nodes: ReadonlySet<number>; edges: ReadonlySet<number> | null }

export interface Shown { view: View; lit: Lit | null; only: boolean; chosen: number; picked: number }

/** The element that the network is drawn in; its renderer is there for who measures. */
export interface Canvas extends HTMLElement { renderer?: Sigma<NodeAttributes, EdgeAttributes> }

const KINDS = ["accent", "type-network", "type-network", "type-organisation", "type-person", "type-place", "type-event", "type-report", "type-theme"];
const MODALITIES = ["stated", "progress", "planned", "planned", "intended", "hoped", "inferred"];
const LARGE = 5000;
const PAPER = "box";
const MOST_LABELS = 160;
/** How high the box with the name of what is chosen is. */
const NAMED_HIGH = 23;
const FONT = '"Source Sans 3", "Segoe UI", "Noto Sans", sans-serif';

type Box = [number, number, number, number];

interface Colours { kinds: string[]; dimKinds: string[]; modalities: string[]; dimModalities: string[]; ink: string; paper: string; rule: string; accent: string }

function rgb(text: string): [number, number, number] {
  const context = document.createElement("canvas").getContext("2d")!;
  context.fillStyle = text;
  const hex = context.fillStyle;
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as [number, number, number];
}

function mixed(one: string, other: string, share: number): string {
  const a = rgb(one), b = rgb(other);
  return `#${a.map((value, at) => Math.round(value * share + b[at]! * (1 - share)).toString(16).padStart(2, "0")).join("")}`;
}

/** The colours of the page as it is now, light or dark. */
function colours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const ground = of(PAPER);
  const kinds = KINDS.map(of), modalities = MODALITIES.map(of);
  return {
    kinds, modalities, ink: of("ink"), paper: ground, rule: of("box-rule"), accent: of("accent"),
    dimKinds: kinds.map((one) => mixed(one, ground, 0.22)), dimModalities: modalities.map((one) => mixed(one, ground, 0.13)),
  };
}

export class Picture {
  readonly renderer: Sigma<NodeAttributes, EdgeAttributes>;
  private readonly graph = new Graph<NodeAttributes, EdgeAttributes>({ multi: true, type: "directed" });
  private colours = colours();
  private hovered = -1;
  /** The nodes in the order in which their names are given room. */
  private readonly order: number[];

  constructor(private readonly network: Network, readonly box: Canvas, private shown: Shown, private readonly still: () => boolean) {
    this.fill();
    paper.rgb = rgb(this.colours.paper).map((one) => one / 255) as [number, number, number];
    const large = network.size > LARGE;
    this.renderer = new Sigma<NodeAttributes, EdgeAttributes>(this.graph, box, {
      defaultNodeType: "sign", nodeProgramClasses: { sign: SignProgram as never }, nodeHoverProgramClasses: { sign: SignProgram as never },
      defaultEdgeType: "line", edgeProgramClasses: { line: LineProgram as never },
      hideEdgesOnMove: true, renderEdgeLabels: false, enableEdgeEvents: false,
      itemSizesReference: "positions", zoomToSizeRatioFunction: (ratio) => ratio, minCameraRatio: large ? 0.004 : 0.08, maxCameraRatio: 2.5,
      renderLabels: false,
      stagePadding: 56, zIndex: !large, allowInvalidContainer: true,
      defaultDrawNodeHover: (context, data) => this.drawHover(context, data),
      nodeReducer: (_, data) => this.node(data) as never,
      edgeReducer: (_, data) => this.edge(data) as never,
    } as Partial<Settings<NodeAttributes, EdgeAttributes>>);
    box.renderer = this.renderer;
    this.order = [...Array(network.size).keys()].sort((a, b) => this.weight(b) - this.weight(a) || a - b);
    this.renderer.on("afterRender", () => this.drawLabels());
    this.renderer.refresh();
    this.renderer.on("enterNode", ({ node }) => { this.hovered = Number(node); box.style.cursor = "pointer"; });
    this.renderer.on("leaveNode", () => { this.hovered = -1; box.style.cursor = ""; });
  }

  get pointed(): number { return this.hovered; }

  private fill(): void {
    const { nodes, edges } = this.network.data, beside = new Map<number, number>();
    for (let at = 0; at < this.network.size; at++) {
      this.graph.addNode(String(at), { at, x: nodes.x[at]!, y: nodes.y[at]!, size: nodes.size[at]! * 1.25, sign: nodes.kind[at]!, label: this.network.label[at]! });
    }
    for (let at = 0; at < edges.source.length; at++) {
      const source = edges.source[at]!, target = edges.target[at]!;
      if (source === target) continue;
      const pair = Math.min(source, target) * this.network.size + Math.max(source, target), number = beside.get(pair) ?? 0;
      beside.set(pair, number + 1);
      // Several between the same two run beside each other: 0, 1, -1, 2 …; which side is by the pair, not by the direction.
      const lane = (number % 2 ? 1 : -1) * Math.ceil(number / 2) * (source < target ? 1 : -1);
      this.graph.addEdge(String(source), String(target), { at, dash: edges.modality[at]!, lane, size: 1.5 });
    }
  }

  private node(data: NodeAttributes): Partial<NodeDisplayData> & NodeAttributes {
    const { view, lit, only, chosen, picked } = this.shown, at = data.at;
    const bright = !lit || lit.nodes.has(at), marked = at === chosen || at === picked;
    return {
      ...data, hidden: !view.nodes[at] || (only && !bright), color: (bright ? this.colours.kinds : this.colours.dimKinds)[data.sign]!,
      label: data.label,
      highlighted: marked, zIndex: bright ? 1 : 0,
    };
  }

  private edge(data: EdgeAttributes): object {
    const { view, lit, only } = this.shown, { edges } = this.network.data, at = data.at;
    const bright = !lit || (lit.edges ? lit.edges.has(at) : lit.nodes.has(edges.source[at]!) && lit.nodes.has(edges.target[at]!));
    return {
      ...data, hidden: !view.edges[at] || (only && !bright), size: lit && bright ? 2.4 : data.size,
      color: (bright ? this.colours.modalities : this.colours.dimModalities)[data.dash]!, zIndex: bright ? 1 : 0,
    };
  }

  private weight(at: number): number {
    const { size, kind } = this.network.data.nodes;
    return size[at]! + (kind[at]! < 3 ? 100 : 0);
  }

  /** Names beside their signs, where there is room: what is lit first, then hubs and the largest. */
  private drawLabels(): void {
    const { view, lit, only, chosen, picked } = this.shown, large = this.network.size > LARGE, camera = this.renderer.getCamera(), mouse = this.renderer.getMouseCaptor();
    const context = this.renderer.getCanvases()["labels"]?.getContext("2d");
    if (!context || (large && (camera.isAnimated() || mouse.isMoving || mouse.currentWheelDirection))) return;
    const { width, height } = this.renderer.getDimensions(), taken: Box[] = [], seen: [number, number, number, number][] = [];
    const first = lit && lit.nodes.size < 400 ? [...lit.nodes].sort((a, b) => this.weight(b) - this.weight(a) || a - b) : [];
    const done = new Set([chosen, picked]);
    let looked = 0;
    // What is chosen has its name in a box of its own, which no other name runs through.
    for (const at of done) {
      const data = at < 0 ? undefined : this.renderer.getNodeDisplayData(String(at));
      if (!data || data.hidden) continue;
      const { x, y } = this.renderer.framedGraphToViewport(data), radius = this.renderer.scaleSize(data.size);
      const [left, top, wide] = this.named(context, at, x, y, radius, width);
      taken.push([left, top, left + wide, top + NAMED_HIGH], [x - radius * 1.3, y - radius * 1.3, x + radius * 1.3, y + radius * 1.3]);
    }
    for (const at of [...first, ...(only ? [] : this.order)]) {
      if (done.has(at) || !view.nodes[at]) continue;
      done.add(at);
      const data = this.renderer.getNodeDisplayData(String(at));
      if (!data || data.hidden) continue;
      const { x, y } = this.renderer.framedGraphToViewport(data);
      if (x < 0 || y < 0 || x > width || y > height) continue;
      const radius = Math.max(1.5, this.renderer.scaleSize(data.size)) * 1.15;
      if (seen.length < 600) taken.push([x - radius, y - radius, x + radius, y + radius]);
      if (large && radius < 3.5 && !lit?.nodes.has(at) && this.network.data.nodes.kind[at]! > 2 && ++looked > 2000) break;
      if (lit ? lit.nodes.has(at) : !large || radius >= 3.5 || this.network.data.nodes.kind[at]! < 3) seen.push([at, x, y, radius]);
      if (seen.length >= MOST_LABELS) break;
    }
    for (const [at, x, y, radius] of seen) this.drawLabel(context, at, x, y, radius, taken, width);
  }

  private drawLabel(context: CanvasRenderingContext2D, at: number, x: number, y: number, radius: number, taken: Box[], room: number): void {
    const hub = this.network.data.nodes.kind[at]! < 3, size = hub ? 14 : 13;
    context.font = `${hub ? 600 : 400} ${size}px ${FONT}`;
    const text = shortened(this.network.label[at]!, hub ? 44 : 34), wide = context.measureText(text).width / 2 + 3, high = size / 2 + 3, away = radius + high + 1;
    const side = radius + wide + 3;
    let tried = 0;
    const sides = [[0, away], [0, -away], [side, 0], [-side, 0], [side * 0.8, away * 0.8], [-side * 0.8, away * 0.8], [side * 0.8, -away * 0.8], [-side * 0.8, -away * 0.8]] as const;
    const fits = (box: Box): boolean => box[0] >= 2 && box[2] <= room - 2 && !taken.some((one) => one[0] < box[2] && one[2] > box[0] && one[1] < box[3] && one[3] > box[1]);
    // A hub always has its name, wholly within the picture.
    for (const [dx, dy] of hub ? [...sides, sides[0]] : sides) {
      const cx = hub ? Math.max(wide + 2, Math.min(room - wide - 2, x + dx)) : x + dx, cy = y + dy, box: Box = [cx - wide, cy - high, cx + wide, cy + high];
      if (!fits(box) && !(hub && dx === 0 && dy === away && tried++ > 0)) continue;
      taken.push(box);
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.lineJoin = "round";
      context.lineWidth = 4;
      context.strokeStyle = this.colours.paper;
      context.strokeText(text, cx, cy);
      context.fillStyle = this.colours.ink;
      context.fillText(text, cx, cy);
      context.textAlign = "start";
      context.textBaseline = "alphabetic";
      return;
    }
  }

  /** Where the box with the name of what is chosen or pointed at begins, and how wide it is: below it, within the picture. */
  private named(context: CanvasRenderingContext2D, at: number, x: number, y: number, radius: number, room: number): [number, number, number] {
    context.font = `600 14px ${FONT}`;
    const wide = context.measureText(shortened(this.network.label[at]!, 90)).width + 14;
    return [Math.max(2, Math.min(room - wide - 2, x - wide / 2)), y + radius * 1.2 + 5, wide];
  }

  private drawHover(context: CanvasRenderingContext2D, data: Partial<NodeDisplayData>): void {
    const at = (data as { at?: number }).at!, room = this.box.clientWidth;
    const [left, top, wide] = this.named(context, at, data.x!, data.y!, data.size!, room);
    context.beginPath();
    context.strokeStyle = this.colours.accent;
    context.lineWidth = 2;
    context.arc(data.x!, data.y!, data.size! * 1.25 + 4, 0, Math.PI * 2);
    context.stroke();
    context.fillStyle = this.colours.paper;
    context.strokeStyle = this.colours.rule;
    context.lineWidth = 1;
    context.beginPath();
    context.roundRect(left, top, wide, NAMED_HIGH, 5);
    context.fill();
    context.stroke();
    context.fillStyle = this.colours.ink;
    context.textAlign = "center";
    context.fillText(shortened(this.network.label[at]!, 90), left + wide / 2, top + 16);
    context.textAlign = "start";
  }

  /** Shows something else of the same network. */
  show(shown: Shown): void {
    this.shown = shown;
    this.renderer.refresh({ skipIndexation: false });
  }

  /** Takes the colours of the page again, after a change of theme. */
  recolour(): void {
    this.colours = colours();
    paper.rgb = rgb(this.colours.paper).map((one) => one / 255) as [number, number, number];
    this.renderer.refresh();
  }

  /** Looks at some nodes, or at everything. */
  look(nodes: Iterable<number> | null): void {
    const to = { x: 0.5, y: 0.5, ratio: 1 };
    const places = nodes ? [...nodes].map((at) => this.renderer.getNodeDisplayData(String(at))).filter((one) => one !== undefined) : [];
    if (places.length) {
      const xs = places.map((one) => one.x), ys = places.map((one) => one.y);
      const left = Math.min(...xs), right = Math.max(...xs), low = Math.min(...ys), high = Math.max(...ys);
      to.x = (left + right) / 2;
      to.y = (low + high) / 2;
      to.ratio = Math.min(1, Math.max(this.renderer.getSetting("minCameraRatio") ?? 0, 0.34, (right - left) * 1.35, (high - low) * 1.5));
      if (this.network.size > LARGE) to.ratio = Math.max((right - left) * 1.35, (high - low) * 1.5, 0.012);
    }
    this.move(to);
  }

  /** Moves by a share of what is seen, or nearer and farther. */
  by(dx: number, dy: number, zoom = 1): void {
    const { x, y, ratio } = this.renderer.getCamera().getState();
    this.move({ x: x + dx * ratio, y: y + dy * ratio, ratio: ratio * zoom });
  }

  private move(to: { x: number; y: number; ratio: number }): void {
    const camera = this.renderer.getCamera();
    if (this.still()) camera.setState(to);
    else void camera.animate(to, { duration: 260 });
  }

  /** The node that is nearest to the middle of what is seen. */
  middle(): number {
    const { width, height } = this.renderer.getDimensions();
    let best = -1, least = Infinity;
    for (let at = 0; at < this.network.size; at++) {
      const data = this.renderer.getNodeDisplayData(String(at));
      if (!data || data.hidden) continue;
      const { x, y } = this.renderer.framedGraphToViewport(data), far = (x - width / 2) ** 2 + (y - height / 2) ** 2;
      if (far < least) { least = far; best = at; }
    }
    return best;
  }

  /** What is seen now, as a file in PNG. */
  png(done: (file: Blob) => void): void {
    this.renderer.refresh();
    const canvases = this.renderer.getCanvases(), first = canvases["edges"]!, out = document.createElement("canvas");
    out.width = first.width;
    out.height = first.height;
    const context = out.getContext("2d")!;
    context.fillStyle = this.colours.paper;
    context.fillRect(0, 0, out.width, out.height);
    // At once, for WebGL forgets what it drew when the frame is over.
    for (const name of ["edges", "labels", "nodes", "hovers", "hoverNodes"]) if (canvases[name]) context.drawImage(canvases[name], 0, 0);
    out.toBlob((file) => { if (file) done(file); });
  }
}

function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1).trimEnd()}…` : text;
}

/** Whether the browser can draw with WebGL. */
export function hasWebGL(): boolean {
  try {
    const canvas = document.createElement("canvas"), context = canvas.getContext("webgl2") ?? canvas.getContext("webgl");
    (context as WebGLRenderingContext | null)?.getExtension("WEBGL_lose_context")?.loseContext();
    return context !== null;
  } catch {
    return false;
  }
}
