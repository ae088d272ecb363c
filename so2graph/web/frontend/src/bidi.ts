// Keeps the direction of a name to itself in plain text, where no element can (as web/bidi.py does).
const TURNS = /[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const END_ISOLATE = "\u2069", END_EMBED = "\u202c";

/** The text between marks that keep its direction from what stands around it; itself where it has none of its own. */
export function isolated(text: string): string {
  if (!TURNS.test(text)) return text;
  const open: string[] = [], kept: string[] = [];
  for (const char of text) {
    if (/[\u2066-\u2068]/.test(char)) open.push(END_ISOLATE);
    else if (/[\u202a\u202b\u202d\u202e]/.test(char)) open.push(END_EMBED);
    else if (char === END_ISOLATE) {
      if (!open.includes(END_ISOLATE)) continue;
      while (open.pop() !== END_ISOLATE);
    } else if (char === END_EMBED) {
      if (open.at(-1) !== END_EMBED) continue;
      open.pop();
    }
    kept.push(char);
  }
  return ["\u2068", ...kept, ...open.reverse(), END_ISOLATE].join("");
}
