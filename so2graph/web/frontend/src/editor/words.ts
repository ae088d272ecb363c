// What the page tells its script: words in the language of the reader, addresses, prefixes.

export interface Told {
  language: "nl" | "en";
  chosen: string | null;
  root: string;
  prefixes: Record<string, string>;
  /** Prefixes that many write and that this service does not know. */
  known: Record<string, string>;
  words: Record<string, string>;
  /** What an error means, by the last part of its type. */
  errors: Record<string, string>;
}

/** The text of a key, with `%(name)s` filled in. */
export type Say = (key: string, values?: Record<string, string | number>) => string;

/** Reads the block of data with this id; null where the page has none. */
export function told(id: string): Told | null {
  const block = document.getElementById(id);
  return block ? (JSON.parse(block.textContent ?? "null") as Told | null) : null;
}

export function saying(words: Record<string, string>): Say {
  return (key, values = {}) =>
    (words[key] ?? key).replace(/%\((\w+)\)s/g, (_, name: string) => String(values[name] ?? ""));
}

/** Seconds for a reader: two digits below ten, one above. */
export function seconds(milliseconds: number, language: string): string {
  const digits = milliseconds < 10_000 ? 2 : 1;
  return (milliseconds / 1000).toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
