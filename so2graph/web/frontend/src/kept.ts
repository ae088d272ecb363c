// What the browser keeps for its reader; nothing of it is sent to the service.

/** A value that was kept, or null: also where the browser keeps nothing. */
export function kept(name: string): string | null {
  try {
    return localStorage.getItem(`so2graph.${name}`);
  } catch {
    return null;
  }
}

/** Keeps a value, or forgets it; false where the browser keeps nothing or has no room. */
export function keep(name: string, value: string | null): boolean {
  try {
    if (value === null) localStorage.removeItem(`so2graph.${name}`);
    else localStorage.setItem(`so2graph.${name}`, value);
    return true;
  } catch {
    return false;
  }
}
