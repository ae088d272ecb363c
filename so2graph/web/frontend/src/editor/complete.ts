// What is offered where the cursor stands: names of this graph by what they are called, in both languages.
import { pickedCompletion, type Completion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import type { EditorView } from "@codemirror/view";
import { isType, missingLines, placeAt, tokens, typesIn, type Place } from "./scan";
import { labelOf, written, type Entry, type Names, type Vocabulary } from "./vocabulary";
import type { Say, Told } from "./words";

const MOST = 80;
const OUTSIDE = ["SELECT", "SELECT DISTINCT", "ASK", "CONSTRUCT", "DESCRIBE", "FROM", "FROM NAMED", "WHERE", "GROUP BY", "HAVING", "ORDER BY", "LIMIT", "OFFSET", "VALUES", "PREFIX", "BASE", "AS", "COUNT", "SUM", "AVG", "MIN", "MAX", "SAMPLE", "GROUP_CONCAT", "DESC", "ASC"];
const INSIDE = ["FILTER", "OPTIONAL", "UNION", "MINUS", "BIND", "VALUES", "GRAPH", "FILTER NOT EXISTS", "FILTER EXISTS", "SELECT"];
const FUNCTIONS = ["LANG", "LANGMATCHES", "STR", "REGEX", "CONTAINS", "STRSTARTS", "STRENDS", "LCASE", "UCASE", "STRLEN", "BOUND", "IF", "COALESCE", "YEAR", "MONTH", "DATATYPE", "isIRI", "isLITERAL", "isBLANK", "isNUMERIC", "EXISTS", "NOT EXISTS", "IN", "NOT IN", "CONCAT", "REPLACE", "IRI"];

const plain = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** How well a name fits what is typed: 0 is not at all. */
export function fit(entry: Entry, typed: string): number {
  const wanted = plain(typed), name = plain(entry.name), colon = name.indexOf(":");
  if (!wanted) return 1;
  if (wanted.includes(":")) return name.startsWith(wanted) ? 100 : wanted.length > 2 && name.includes(wanted.slice(wanted.indexOf(":"))) ? 40 : 0;
  const local = colon < 0 ? name : name.slice(colon + 1);
  const parts = entry.name.slice(entry.name.indexOf(":") + 1).split(/(?=\p{Lu})|[-_./]/u).map(plain);
  const labels = Object.values(entry.label ?? {}).map(plain);
  if (local.startsWith(wanted)) return 90;
  if (labels.some((label) => label.startsWith(wanted))) return 88;
  if (labels.some((label) => label.split(/[\s()/-]+/).some((word) => word.startsWith(wanted)))) return 85;
  if (parts.some((part) => part.startsWith(wanted))) return 80;
  if (wanted.length < 3) return colon > 0 && name.startsWith(wanted) ? 30 : 0;
  return labels.some((label) => label.includes(wanted)) ? 60 : local.includes(wanted) ? 50 : 0;
}

interface Ranked {
  entry: Entry;
  first: boolean;
  score: number;
}

/** How short its shortest label is: of equals, that is nearest to what is typed. */
const length = (entry: Entry): number => Math.min(...Object.values(entry.label ?? {}).map((label) => label.length), 999);

/** The entries that fit, those of the class first, then the best fit, then the most common. */
export function ranked(entries: Entry[], typed: string, classes: string[] = []): Ranked[] {
  return entries
    .map((entry) => ({ entry, first: classes.some((name) => entry.classes?.[name]), score: fit(entry, typed) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => Number(b.first) - Number(a.first) || b.score - a.score || (b.entry.count ?? 0) - (a.entry.count ?? 0) || length(a.entry) - length(b.entry) || a.entry.name.localeCompare(b.entry.name))
    .slice(0, MOST);
}

/** Makes the source of completions for CodeMirror. */
export function completing(told: Told, say: Say, names: Names, announce: (text: string) => void) {
  const { language } = told;

  function info({ entry }: Ranked, classes: string[]): () => HTMLElement {
    return () => {
      const box = document.createElement("div"), lines = [labelOf(entry, language), entry.comment?.[language] ?? entry.comment?.[""] ?? ""];
      const of = classes.find((name) => entry.classes?.[name]);
      if (of) lines.push(say("of", { count: entry.classes?.[of] ?? 0, name: of }));
      else if (entry.count) lines.push(say("times", { count: entry.count }));
      else if (entry.everywhere) lines.push(say("elsewhere"));
      lines.push(entry.iri);
      for (const line of lines.filter(Boolean)) {
        const p = document.createElement("p");
        p.textContent = line;
        box.append(p);
      }
      return box;
    };
  }

  function options(found: Ranked[], type: string, classes: string[] = []): Completion[] {
    return found.map((one) => ({
      label: written(one.entry), detail: labelOf(one.entry, language), type, info: info(one, classes),
      apply: putting(written(one.entry)),
    }));
  }

  /** Puts a text in, and above it the PREFIX line that neither the query nor the service has. */
  function putting(text: string) {
    return (view: EditorView, completion: Completion, from: number, to: number): void => {
      const [line] = missingLines(text, told.known).filter((one) => !view.state.doc.toString().includes(one));
      const head = line ? [{ from: 0, insert: `${line}\n` }] : [];
      const at = from + text.length + (line ? line.length + 1 : 0);
      view.dispatch({ changes: [...head, { from, to, insert: text }], selection: { anchor: at }, annotations: pickedCompletion.of(completion), userEvent: "input.complete" });
      if (line) announce(say("prefix", { prefix: text.split(":")[0]! }));
    };
  }

  const words = (list: string[], typed: string): Completion[] =>
    list.filter((word) => typed && word.toLowerCase().startsWith(typed.toLowerCase())).map((label) => ({ label, type: "keyword" }));

  function prefixed(typed: string): Completion[] {
    if (!typed || typed.includes(":") || /^[<?$]/.test(typed)) return [];
    return Object.entries({ ...told.known, ...told.prefixes }).filter(([prefix]) => prefix.startsWith(typed.toLowerCase()))
      .map(([prefix, namespace]) => ({ label: `${prefix}:`, detail: namespace, type: "namespace", apply: putting(`${prefix}:`) }));
  }

  async function things(vocabulary: Vocabulary, typed: string, context: CompletionContext): Promise<Completion[]> {
    if (vocabulary.things) return options(ranked(vocabulary.things, typed), "constant");
    if (typed.length < 3 || typed.includes(":")) return [];
    const stop = new AbortController();
    context.addEventListener("abort", () => stop.abort());
    const found = await names.find(typed, stop.signal);
    return options(found.map((entry) => ({ entry, first: false, score: 1 })), "constant");
  }

  async function offered(place: Place, text: string, context: CompletionContext): Promise<Completion[]> {
    const { role, typed, subject, predicate } = place;
    const variables = [...new Set(tokens(text).filter(({ kind, from }) => kind === "variable" && from !== place.from).map((token) => token.text))]
      .filter((name) => name.startsWith(typed) || !typed).map((label) => ({ label, type: "variable" }));
    if (/^[?$]/.test(typed)) return variables;
    const vocabulary = await names.get(), bare = typed.replace(/^</, "");
    const classes = (typesIn(text).get(subject) ?? []).map((name) => vocabulary.classes.find(({ iri }) => name === `<${iri}>`)?.name ?? name);
    if (role === "graph") return [...options(ranked(vocabulary.graphs, bare), "enum"), ...variables];
    if (role === "predicate") return [...options(ranked(vocabulary.properties, bare, classes), "property", classes), ...prefixed(typed)];
    if (role === "object" && isType(predicate)) return [...options(ranked(vocabulary.classes, bare), "class"), ...prefixed(typed)];
    if (role === "object") return [...(typed ? [] : variables), ...(await things(vocabulary, bare, context)), ...prefixed(typed)];
    if (role === "subject") return [...words(INSIDE, typed), ...(typed ? [] : variables), ...(typed ? await things(vocabulary, bare, context) : []), ...prefixed(typed)];
    if (role === "expression") return [...words(FUNCTIONS, typed), ...variables, ...prefixed(typed)];
    return [...words(OUTSIDE, typed), ...(role === "end" ? words(INSIDE, typed) : [])];
  }

  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    const text = context.state.doc.toString(), place = placeAt(text, context.pos);
    const before = text.slice(0, place.from);
    // Without a key of their own lists open where something is typed, or where a property or a class has to follow.
    const due = place.typed !== "" || (place.role === "predicate" && /[\s;]$/.test(before) && !/\n\s*$/.test(before)) || (isType(place.predicate) && place.role === "object");
    if (place.role === "none" || (!context.explicit && !due)) return null;
    try {
      const options = await offered(place, text, context);
      return context.aborted || !options.length ? null : { from: place.from, options, filter: false };
    } catch {
      return null;
    }
  };
}
