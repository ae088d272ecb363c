// Buttons that copy a piece of program, or an address.

/** Puts a button beside each snippet and permalink below `root`; `words` are what it says before and after. */
export function copyButtons(root: ParentNode, words: { copy: string; copied: string }): void {
  for (const source of root.querySelectorAll<HTMLElement>(".snippet pre, .permalink input, pre.sparql")) {
    if (source.dataset["copies"]) continue;
    source.dataset["copies"] = "yes";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain copy";
    button.textContent = words.copy;
    button.addEventListener("click", () => void copy(source, button, words));
    source.before(button);
  }
}

async function copy(source: HTMLElement, button: HTMLButtonElement, words: { copy: string; copied: string }): Promise<void> {
  const text = source instanceof HTMLInputElement ? source.value : source.textContent ?? "";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without the right to the clipboard the text is marked, so that the reader's own keys copy it.
    if (source instanceof HTMLInputElement) source.select();
    else getSelection()?.selectAllChildren(source);
    return;
  }
  button.textContent = words.copied;
  setTimeout(() => { button.textContent = words.copy; }, 2000);
}
