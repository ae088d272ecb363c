// What is looked at, and how the address says it: the same parameters that the service understands.

/** The state of the page; names are those of the address. */
export interface State {
  modalities: Set<number>; kinds: Set<number>; year: string; text: string;
  select: number; steps: number; only: boolean; from: number; to: number;
}

export interface Names { modalities: string[]; kinds: string[]; name: (node: number) => string; find: (name: string) => number }

const LISTS = [["modality", "modalities"], ["type", "kinds"]] as const;

export function readState(address: URLSearchParams, names: Names): State {
  const chosen = (parameter: string, all: string[]): Set<number> => {
    if (!address.has(parameter)) return new Set(all.keys());
    const given = new Set(address.getAll(parameter).flatMap((value) => value.split(",")));
    return new Set([...all.keys()].filter((at) => given.has(all[at]!)));
  };
  const steps = Number(address.get("steps"));
  return {
    modalities: chosen("modality", names.modalities), kinds: chosen("type", names.kinds), year: address.get("year") ?? "", text: address.get("q") ?? "",
    select: names.find(address.get("select") ?? ""), steps: [1, 2, 3].includes(steps) ? steps : 1, only: address.get("only") === "yes",
    from: names.find(address.get("from") ?? ""), to: names.find(address.get("to") ?? ""),
  };
}

/** The address of a state: `base` with its own other parameters, and what is not as it is at first. */
export function writeState(base: URL, state: State, names: Names): URL {
  const url = new URL(base), set = url.searchParams;
  for (const name of ["modality", "type", "year", "q", "select", "steps", "only", "from", "to", "offset", "limit"]) set.delete(name);
  for (const [parameter, key] of LISTS) {
    if (state[key].size < names[key].length) set.set(parameter, [...state[key]].sort((a, b) => a - b).map((at) => names[key][at]!).join(","));
  }
  if (state.year) set.set("year", state.year);
  if (state.text) set.set("q", state.text);
  if (state.select >= 0) set.set("select", names.name(state.select));
  if (state.select >= 0 && state.steps !== 1) set.set("steps", String(state.steps));
  if (state.only) set.set("only", "yes");
  if (state.from >= 0) set.set("from", names.name(state.from));
  if (state.to >= 0) set.set("to", names.name(state.to));
  url.search = url.search.replaceAll("%2C", ",");
  return url;
}
