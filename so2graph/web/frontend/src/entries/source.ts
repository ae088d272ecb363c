// The source, read along: a phrase and what it says light up together, and one can walk from one to the next.

const root = document.querySelector<HTMLElement>(".source");
if (root) readAlong(root);

/** Makes the page follow the reader; without this, links within the page do the same one by one. */
function readAlong(page: HTMLElement): void {
  const cards = [...page.querySelectorAll<HTMLElement>(".reading .claim")];
  const order = cards.map((card) => card.id);
  const walk = page.querySelector<HTMLElement>(".walk");
  const said = page.querySelector<HTMLElement>(".walk-said");
  let chosen = -1;

  const parts = (anchor: string): HTMLElement[] =>
    [...page.querySelectorAll<HTMLElement>(`.${CSS.escape(`c-${anchor}`)}`)];

  /** Lights claims, tells about the first of them, and writes it into the address. */
  function choose(anchors: string[], write = true): void {
    for (const lit of page.querySelectorAll(".lit")) lit.classList.remove("lit");
    for (const anchor of anchors) for (const part of parts(anchor)) part.classList.add("lit");
    const first = anchors.find((anchor) => order.includes(anchor));
    chosen = first === undefined ? -1 : order.indexOf(first);
    if (said) said.textContent = tell(anchors);
    if (write) remember(anchors[0] ?? null);
  }

  function tell(anchors: string[]): string {
    if (anchors.length === 0) return page.dataset["none"] ?? "";
    const words = anchors.map((anchor) => sentence(document.getElementById(anchor))).filter(Boolean).join(" — ");
    const frame = page.dataset["chosen"] ?? "{at}/{of} {what}";
    if (chosen < 0) return words;
    return frame.replace("{at}", String(chosen + 1)).replace("{of}", String(order.length)).replace("{what}", () => words);
  }

  function sentence(card: HTMLElement | null): string {
    if (!card?.classList.contains("claim")) return "";
    const texts = [".identifier", ".tag", ".sentence"].map((part) => card.querySelector(part)?.textContent?.trim() ?? "");
    return `${texts[0]}, ${texts[1]}: ${texts[2]}`;
  }

  /** Brings the phrase and the card into view, the one that the reader has in hand last. */
  function show(anchor: string, last: "phrase" | "card"): void {
    const card = document.getElementById(anchor), phrase = page.querySelector(`.phrase.${CSS.escape(`c-${anchor}`)}`);
    const both = last === "card" ? [phrase, card] : [card, phrase];
    for (const one of both) if (one && !seen(one)) one.scrollIntoView({ block: "center", behavior: "instant" });
  }

  function step(by: number): void {
    if (order.length === 0) return;
    const at = chosen < 0 ? (by > 0 ? 0 : order.length - 1) : (chosen + by + order.length) % order.length;
    const anchor = order[at];
    if (anchor === undefined) return;
    choose([anchor]);
    show(anchor, "card");
  }

  function clear(): void {
    choose([]);
  }

  page.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLElement>(".phrase, .ref, .back") : null;
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const anchors = link.dataset["claims"]?.split(" ") ?? [(link.getAttribute("href") ?? "").slice(1).replace(/-text$/, "")];
    event.preventDefault();
    choose(anchors);
    show(anchors[0] ?? "", link.classList.contains("back") ? "phrase" : "card");
  });

  for (const kind of ["pointerover", "pointerout"] as const) {
    page.addEventListener(kind, (event) => {
      const over = event.target instanceof Element ? event.target.closest<HTMLElement>(".claim, .phrase") : null;
      const anchors = over?.classList.contains("claim") ? [over.id] : (over?.dataset["claims"]?.split(" ") ?? []);
      for (const anchor of anchors) for (const part of parts(anchor)) part.classList.toggle("near", kind === "pointerover");
    });
  }

  // Single keys work only while the focus is within the text or on the buttons (WCAG 2.1.4).
  for (const area of [walk, page.querySelector<HTMLElement>(".reading")]) {
    area?.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof Element && event.target.closest("input, select, textarea, pre")) return;
      const by = { n: 1, ArrowRight: 1, p: -1, ArrowLeft: -1 }[event.key];
      if (by !== undefined) step(by);
      else if (event.key === "Escape") clear();
      else return;
      event.preventDefault();
    });
  }
  walk?.querySelector(".walk-on")?.addEventListener("click", () => step(1));
  walk?.querySelector(".walk-back")?.addEventListener("click", () => step(-1));
  walk?.querySelector(".walk-off")?.addEventListener("click", clear);
  if (walk) walk.hidden = false;
  // From here on the script lights what is chosen, and the style sheet of the document no longer does.
  document.documentElement.classList.add("followed");

  function begin(): void {
    const asked = new URLSearchParams(location.search).get("claim");
    const hash = decodeURIComponent(location.hash.slice(1)).replace(/-text$/, "");
    const anchor = [hash, page.dataset["lit"], asked].find((one) => one && parts(one).length > 0);
    if (!anchor) return;
    choose([anchor], false);
    requestAnimationFrame(() => show(anchor, "card"));
  }
  window.addEventListener("hashchange", begin);
  begin();
}

/** Whether an element is in view, below the buttons that stay at the top. */
function seen(element: Element): boolean {
  const { top, bottom } = element.getBoundingClientRect();
  return top >= 90 && bottom <= innerHeight - 10;
}

/** Keeps the chosen claim in the address, and with it in the links to the other language and to a selection. */
function remember(anchor: string | null): void {
  const here = new URL(location.href);
  here.hash = "";
  if (anchor === null) here.searchParams.delete("claim");
  else here.searchParams.set("claim", anchor);
  history.replaceState(history.state, "", here);
  if (!document.documentElement.dataset["live"]) return;
  for (const link of document.querySelectorAll<HTMLAnchorElement>("a.language")) {
    const there = new URL(link.href);
    if (anchor === null) there.searchParams.delete("claim");
    else there.searchParams.set("claim", anchor);
    link.href = there.href;
  }
}
