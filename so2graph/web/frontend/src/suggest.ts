// Names of things while one types, where there are too many for a list that comes with the page.

interface Answer { things: { value: string; label: string }[] }

/** Fills the list of each field that has `data-suggest`, when the page brought none. */
export function suggestions(root: ParentNode): void {
  for (const field of root.querySelectorAll<HTMLInputElement>("input[data-suggest]")) {
    const list = field.list, address = field.dataset["suggest"];
    if (!list || !address || list.options.length) continue;
    let timer = 0, latest = 0;
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => {
        const mine = ++latest;
        void names(address, field.value).then(found => { if (mine === latest) list.replaceChildren(...found); });
      }, 180);
    });
  }
}

async function names(address: string, text: string): Promise<HTMLOptionElement[]> {
  if (text.trim().length < 2) return [];
  const response = await fetch(`${address}?${new URLSearchParams({ q: text, lang: document.documentElement.lang }).toString()}`);
  if (!response.ok) return [];
  const answer = await response.json() as Answer;
  return answer.things.map(thing => {
    const option = document.createElement("option");
    option.value = thing.label;
    return option;
  });
}
