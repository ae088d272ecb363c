// Judging a pair with keys: within the review, y n x u s answer and z takes the last answer back.

const review = document.querySelector<HTMLElement>("[data-review]");
if (review) judgeByKeys(review);

/** Makes single keys press the buttons that name them, while the focus is within the review (WCAG 2.1.4). */
function judgeByKeys(area: HTMLElement): void {
  const buttons = new Map<string, HTMLButtonElement>();
  for (const button of area.querySelectorAll<HTMLButtonElement>("button[data-key]")) {
    const key = button.dataset["key"];
    if (key) buttons.set(key, button);
  }
  if (buttons.size === 0) return;
  let sent = false;
  area.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target instanceof Element && event.target.closest("input, select, textarea")) return;
    const button = buttons.get(event.key.toLowerCase());
    if (!button) return;
    event.preventDefault();
    button.click();
  });
  // A verdict is sent once, however often a key is pressed while the answer is on its way.
  for (const form of area.querySelectorAll("form")) {
    form.addEventListener("submit", (event) => {
      if (form.method !== "post") return;
      if (sent) event.preventDefault();
      sent = true;
      area.setAttribute("aria-busy", "true");
    });
  }
  // A page that comes back from the history can be answered again.
  addEventListener("pageshow", (event) => {
    if (event.persisted) sent = false;
  });
  const keys = area.querySelector<HTMLElement>(".keys");
  if (keys) keys.hidden = false;
  if (!location.hash && (document.activeElement === document.body || document.activeElement === null)) {
    area.focus({ preventScroll: true });
  }
  area.dataset["review"] = "ready";
}
