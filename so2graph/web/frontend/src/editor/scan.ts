// Reads a query as tokens, by the lexical rules of SPARQL 1.1 (19.8), and says what stands where; without a browser.

export type Kind = "comment" | "iri" | "string" | "language" | "variable" | "blank" | "name" | "word" | "number" | "sign" | "other";

export interface Token {
  kind: Kind;
  text: string;
  from: number;
  to: number;
}

const TOKEN = new RegExp(
  [
    "(?<space>\\s+)", "(?<comment>#[^\\n\\r]*)", "(?<iri><[^<>\"{}|^`\\\\\\x00-\\x20]*>)",
    "(?<string>\"\"\"(?:\"{0,2}(?:[^\"\\\\]|\\\\.))*\"\"\"|'''(?:'{0,2}(?:[^'\\\\]|\\\\.))*'''|\"(?:[^\"\\\\\\n\\r]|\\\\.)*\"|'(?:[^'\\\\\\n\\r]|\\\\.)*')",
    "(?<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)", "(?<variable>[?$][\\p{L}\\p{N}_]+)", "(?<blank>_:[\\p{L}\\p{N}_.-]+)",
    "(?<name>(?:\\p{L}[\\p{L}\\p{N}_-]*(?:\\.[\\p{L}\\p{N}_-]+)*)?:(?:[\\p{L}\\p{N}_:%-]|\\.(?=[\\p{L}\\p{N}_:%-])|\\\\.)*)",
    "(?<word>[A-Za-z][A-Za-z0-9_]*)", "(?<number>[0-9]+(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)",
    "(?<sign>\\^\\^|\\|\\||&&|!=|<=|>=|[{}()\\[\\].,;|/^+*?!=<>&$-])", "(?<other>.)",
  ].join("|"),
  "yu",
);

export function tokens(text: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
    const groups = match.groups ?? {}, kind = Object.keys(groups).find((name) => groups[name] !== undefined) ?? "other";
    const from = match.index;
    if (kind !== "space") found.push({ kind: kind as Kind, text: match[0], from, to: from + match[0].length });
  }
  return found;
}

export type Role = "subject" | "predicate" | "object" | "end" | "graph" | "expression" | "outside" | "none";

/** Where the cursor is: what is typed there, from which place, and what it stands beside. */
export interface Place {
  role: Role;
  from: number;
  typed: string;
  subject: string;
  predicate: string;
}

interface Frame {
  opened: string;
  role: Role;
  subject: string;
  predicate: string;
}

const NEXT: Record<string, Role> = { subject: "predicate", predicate: "object", object: "end", end: "end" };
const BEFORE_A_GRAPH = new Set(["GRAPH", "FROM", "NAMED", "INTO", "WITH", "USING"]);
const TYPE = new Set(["a", "rdf:type", "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"]);

/** Walks through tokens, and keeps what each place is for. `types` are the classes that a subject is said to have. */
class Walk {
  readonly frames: Frame[] = [{ opened: "", role: "outside", subject: "", predicate: "" }];
  readonly types = new Map<string, string[]>();
  private graph = false;

  get frame(): Frame {
    return this.frames[this.frames.length - 1]!;
  }

  get role(): Role {
    return this.graph ? "graph" : this.frame.role;
  }

  take(token: Token): void {
    if (token.kind === "comment" || token.kind === "language") return;
    if (token.kind === "sign") this.sign(token.text);
    else if (token.kind === "word" && !["a", "true", "false"].includes(token.text)) this.word(token.text.toUpperCase());
    else if (this.graph) this.graph = false;
    else this.term(token.text);
  }

  private term(text: string): void {
    const frame = this.frame;
    if (frame.role === "subject") frame.subject = text;
    if (frame.role === "predicate") frame.predicate = text;
    if (frame.role === "object" && TYPE.has(frame.predicate)) this.types.set(frame.subject, [...(this.types.get(frame.subject) ?? []), text]);
    frame.role = NEXT[frame.role] ?? frame.role;
  }

  private word(word: string): void {
    this.graph = BEFORE_A_GRAPH.has(word);
    if (this.frame.opened === "{") this.frame.role = word === "FILTER" || word === "BIND" || word === "VALUES" ? "expression" : "subject";
  }

  private sign(sign: string): void {
    const frame = this.frame;
    if (sign === "{" || sign === "(" || sign === "[") {
      this.graph = false;
      const list = sign === "(" && (frame.role === "object" || frame.role === "predicate");
      const role = sign === "{" ? "subject" : sign === "[" ? "predicate" : list ? frame.role : "expression";
      this.frames.push({ opened: sign, role, subject: sign === "[" ? "[]" : frame.subject, predicate: "" });
    } else if (sign === "}" || sign === ")" || sign === "]") {
      if (this.frames.length > 1) this.frames.pop();
      if (this.frame.opened === "{" && (sign === "}" || this.frame.role === "expression")) this.frame.role = "subject";
      else if (sign !== "}" && this.frame.opened !== "") this.term(sign);
    } else if (frame.opened === "{" || frame.opened === "[") {
      if (sign === ".") frame.role = "subject";
      if (sign === ";") frame.role = "predicate";
      if (sign === ",") frame.role = "object";
      if (sign === "^^") frame.role = frame.role === "end" ? "object" : frame.role;
      if ((sign === "/" || sign === "|") && frame.role === "object") frame.role = "predicate";
    }
  }
}

const TYPING = /(?:<[^<>"{}|^`\\\s]*|[?$]?[\p{L}\p{N}_][\p{L}\p{N}_.:-]*|[?$:])$/u;

/** What stands at an offset of a text. */
export function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset), typed = TYPING.exec(before)?.[0] ?? "", from = offset - typed.length;
  const all = tokens(before), last = all[all.length - 1];
  const inside = (last?.kind === "comment" && last.to === offset) || (last?.kind === "string" && last.to > from) || all.some(({ kind, text: sign }) => kind === "other" && /["']/.test(sign));
  const walk = new Walk();
  for (const token of all) if (token.to <= from) walk.take(token);
  const { subject, predicate } = walk.frame;
  return { role: inside ? "none" : walk.role, from, typed, subject, predicate };
}

/** The classes that the query says each subject is of, as it writes them. */
export function typesIn(text: string): Map<string, string[]> {
  const walk = new Walk();
  for (const token of tokens(text)) walk.take(token);
  return walk.types;
}

/** Whether a predicate says of which class something is. */
export const isType = (predicate: string): boolean => TYPE.has(predicate);

/** The first word after the declarations, in capitals; empty where there is none. */
export function formOf(text: string): string {
  const all = tokens(text).filter(({ kind }) => kind !== "comment");
  let at = 0;
  for (let word = all[at]?.text.toUpperCase(); word === "PREFIX" || word === "BASE"; word = all[at]?.text.toUpperCase()) at += word === "BASE" ? 2 : 3;
  return all[at]?.kind === "word" ? all[at]!.text.toUpperCase() : "";
}

const UPDATES = new Set(["INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH"]);

export const isUpdate = (text: string): boolean => UPDATES.has(formOf(text));

/** The prefixes that a text declares, and those that it uses. */
export function prefixesIn(text: string): { declared: Set<string>; used: Set<string> } {
  const declared = new Set<string>(), used = new Set<string>();
  const all = tokens(text);
  all.forEach((token, index) => {
    if (token.kind !== "name") return;
    const prefix = token.text.slice(0, token.text.indexOf(":"));
    (all[index - 1]?.text.toUpperCase() === "PREFIX" ? declared : used).add(prefix);
  });
  return { declared, used };
}

/** The PREFIX lines that a text lacks for the prefixes it uses, of those in a table; sorted. */
export function missingLines(text: string, table: Record<string, string>): string[] {
  const { declared, used } = prefixesIn(text);
  return [...used].filter((prefix) => !declared.has(prefix) && Object.hasOwn(table, prefix)).sort()
    .map((prefix) => `PREFIX ${prefix}: <${table[prefix]}>`);
}
