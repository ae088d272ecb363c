"""What can be seen of a page, as questions to the browser: a script each, which gives a list."""

from __future__ import annotations

__all__ = ["CLIPPED", "FAINT", "LEVELS", "MOVING", "WORDS"]

CLIPPED = """() => [...document.body.querySelectorAll("*")].filter(one => {
  const style = getComputedStyle(one), box = one.getBoundingClientRect();
  if (box.width <= 1) return false;
  if (one.closest(".visually-hidden, [hidden], svg, canvas, .scroll, .cm-editor, option")) return false;
  const cut = /hidden|clip/.test(style.overflowX) && one.scrollWidth > one.clientWidth + 1
    || /hidden|clip/.test(style.overflowY) && one.scrollHeight > one.clientHeight + 1;
  return cut && one.innerText?.trim();
}).map(one => one.outerHTML.slice(0, 160))"""
"""Elements whose text is cut off at their edge."""

WORDS = """() => {
  const operated = "form, nav, button, summary, [role=status], [role=toolbar], [role=group]:not(.scroll), "
    + ".downloads, a[href*='#']";
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT), found = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.data.replace(/\\s+/g, " ").trim();
    if (text && node.parentElement.checkVisibility() && !node.parentElement.closest(operated)) found.push(text);
  }
  return found;
}"""
"""The texts of the page that can be seen, beside what is there to be operated or taken from the page."""

FAINT = """() => {
  const parts = colour => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const clear = colour => parts(colour).length < 3 || parts(colour)[3] === 0;
  const brightness = colour => {
    const linear = x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = parts(colour).slice(0, 3).map(x => linear(x / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = one => {
    for (let at = one; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!clear(colour)) return brightness(colour);
    }
    return matchMedia("(prefers-color-scheme: dark)").matches && !matchMedia("print").matches ? 0 : 1;
  };
  const faint = (colour, paper) => {
    const ink = brightness(colour);
    return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05) < 3;
  };
  const hidden = one => !one.checkVisibility() || !one.getClientRects().length
    || one.closest("[aria-hidden=true], .dim, .visually-hidden");
  const lines = [...document.querySelectorAll("main svg :is(path, line, circle)")].filter(one => {
    const { stroke, fill } = getComputedStyle(one), paper = behind(one.ownerSVGElement);
    const paints = [stroke, fill].filter(paint => !/none|url/.test(paint) && !clear(paint));
    return paints.length > 0 && paints.every(paint => faint(paint, paper));
  });
  const texts = [...document.querySelectorAll("main :is(h1, h2, h3, p, a, td, dd)")]
    .filter(one => one instanceof HTMLElement && faint(getComputedStyle(one).color, behind(one)));
  return [...lines, ...texts].filter(one => !hidden(one)).map(one => one.outerHTML.slice(0, 160));
}"""
"""Lines and texts that are hardly told from what is behind them (WCAG 2.2, 1.4.11)."""

LEVELS = """() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
  .filter(one => one.checkVisibility()).map(one => Number(one.tagName[1]))"""
"""The levels of the headings, in order."""

MOVING = """() => [...document.querySelectorAll("*")].filter(one => {
  const style = getComputedStyle(one);
  return style.scrollBehavior === "smooth"
    || [style.transitionDuration, style.animationDuration].some(time => parseFloat(time) > 0.01);
}).map(one => one.outerHTML.slice(0, 120))"""
"""Elements that pass slowly from one look to another."""
