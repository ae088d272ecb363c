// Buttons that copy a piece of program, or an address.

/** Puts a button beside what is to be copied below `root`: that has `data-copy` and `data-copied`, what the button says before and after. */
export function copyButtons(root: ParentNode): void {
  for (const source of root.querySelectorAll<HTMLElement>("[data-copy]")) {
    if (source.dataset["copies"]) continue;
    source.dataset["copies"] = "yes";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain copy";
    button.textContent = source.dataset["copy"] ?? "";
    button.addEventListener("click", () => void copy(source, button));
    source.before(button);
  }
}

async function copy(source: HTMLElement, button: HTMLButtonElement): Promise<void> {
  const text = source instanceof HTMLInputElement ? source.value : source.textContent ?? "";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without the right to the clipboard the text is marked, so that the reader's own keys copy it.
    if (source instanceof HTMLInputElement) source.select();
    else getSelection()?.selectAllChildren(source);
    return;
  }
  button.textContent = source.dataset["copied"] ?? "";
  setTimeout(() => { button.textContent = source.dataset["copy"] ?? ""; }, 2000);
}
