// The names that a query on this graph may use, as the service lists them.

export interface Entry {
  iri: string;
  name: string;
  label?: Record<string, string>;
  comment?: Record<string, string>;
  count?: number;
  everywhere?: number;
  /** Instances that have the property, by the short name of their class. */
  classes?: Record<string, number>;
  type?: string;
}

export interface Vocabulary {
  /** False where the service does not count, or has not counted yet. */
  counted: boolean;
  classes: Entry[];
  properties: Entry[];
  graphs: Entry[];
  /** Null where there are too many to list. */
  things: Entry[] | null;
}

/** An entry as a query writes it. */
export const written = (entry: Entry): string => (entry.name === entry.iri ? `<${entry.iri}>` : entry.name);

/** Its name for a reader of a language: in that language, without one, or in the other. */
export function labelOf(entry: Entry, language: string): string {
  const label = entry.label ?? {};
  return label[language] ?? label[""] ?? label["nl"] ?? label["en"] ?? "";
}

const AGAIN = 20_000;

/** Asks the service once; again when that failed, and after a while when it had not counted yet. */
export class Names {
  private asked: Promise<Vocabulary> | null = null;
  private until = Infinity;

  constructor(private readonly root: string) {}

  get(): Promise<Vocabulary> {
    if (performance.now() > this.until) this.asked = null;
    this.asked ??= this.fetch<Vocabulary>("vocabulary.json").then(
      (found) => {
        this.until = found.counted ? Infinity : performance.now() + AGAIN;
        return found;
      },
      (error: unknown) => {
        this.asked = null;
        throw error;
      },
    );
    return this.asked;
  }

  /** Things with a text in their name. */
  async find(text: string, signal: AbortSignal): Promise<Entry[]> {
    const found = await this.fetch<{ things: Entry[] }>(`vocabulary/things.json?${new URLSearchParams({ q: text })}`, signal);
    return found.things;
  }

  private async fetch<T>(local: string, signal?: AbortSignal): Promise<T> {
    const response = await fetch(this.root + local, { headers: { Accept: "application/json" }, ...(signal ? { signal } : {}) });
    if (!response.ok) throw new Error(`${local}: ${response.status}`);
    return (await response.json()) as T;
  }
}
