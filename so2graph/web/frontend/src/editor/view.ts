// The field itself: CodeMirror in a shadow root, whose styles are objects, so that the policy of the page allows them.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, type CompletionSource } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintKeymap } from "@codemirror/lint";
import { EditorState, type Extension, type Transaction } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { sparql } from "codemirror-lang-sparql";

const highlight = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.definitionKeyword, tags.modifier, tags.controlKeyword], color: "var(--planned)", fontWeight: "600" },
  { tag: [tags.variableName, tags.special(tags.variableName)], color: "var(--accent)" },
  { tag: [tags.string, tags.literal], color: "var(--good)" },
  { tag: [tags.number, tags.bool], color: "var(--hoped)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--quiet)", fontStyle: "italic" },
  { tag: [tags.namespace, tags.url, tags.labelName, tags.propertyName], color: "var(--link)" },
]);

const look = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--box)", border: "1px solid var(--box-rule)", borderRadius: "6px", fontSize: ".9rem" },
  "&.cm-focused": { outline: "3px solid var(--accent)", outlineOffset: "2px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", minHeight: "13rem", maxHeight: "60vh", overflow: "auto", borderRadius: "6px" },
  ".cm-content, .cm-gutter": { minHeight: "12.8rem" },
  ".cm-content": { padding: ".6rem 0", caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)", borderLeftWidth: "2px" },
  ".cm-gutters": { color: "var(--quiet)", backgroundColor: "var(--wash)", border: "0", borderRight: "1px solid var(--rule)" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--wash) 60%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { background: "var(--mark)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--mark)", outline: "1px solid var(--quiet)" },
  ".cm-tooltip": { color: "var(--ink)", backgroundColor: "var(--box)", border: "1px solid var(--box-rule)", borderRadius: "6px", boxShadow: "var(--shadow)", font: ".88rem/1.45 var(--sans)", overflow: "hidden" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { font: ".88rem/1.5 var(--sans)", maxHeight: "17rem", minWidth: "min(20rem, 70vw)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: ".22rem .7rem", display: "flex", gap: "1rem", justifyContent: "space-between" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--link)", color: "var(--paper)" },
  ".cm-completionLabel": { fontFamily: "var(--mono)", fontSize: ".84rem" },
  ".cm-completionDetail": { fontStyle: "normal", color: "var(--quiet)", overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap", maxWidth: "16rem" },
  "li[aria-selected] .cm-completionDetail": { color: "inherit" },
  ".cm-tooltip.cm-completionInfo": { padding: ".6rem .8rem", maxWidth: "22rem", overflowWrap: "anywhere" },
  ".cm-completionInfo p": { margin: "0 0 .3rem" },
  ".cm-completionInfo p:last-child": { margin: "0", color: "var(--quiet)", fontSize: ".8rem" },
  ".cm-diagnostic": { padding: ".5rem .8rem", maxWidth: "26rem" },
  ".cm-diagnostic-error": { borderLeft: "5px solid var(--bad)" },
  ".cm-diagnostic-warning": { borderLeft: "5px solid var(--accent)" },
  ".cm-diagnosticAction": { font: "600 .85rem var(--sans)", color: "var(--paper)", backgroundColor: "var(--link)", borderRadius: "5px", padding: ".25rem .6rem", margin: ".4rem .4rem 0 0", border: "0" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--bad) 1.5px", textUnderlineOffset: "3px" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecoration: "underline dotted var(--accent) 2px", textUnderlineOffset: "3px" },
  ".cm-lintPoint::after": { borderBottomColor: "var(--bad)" },
});

const hidden = new CSSStyleSheet();
hidden.replaceSync(".hint { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); } :host { display: block; }");

/**
 * Takes what is typed over a selection. Left to itself, the browser would put elements with inline styles where the
 * selection was, which the policy of the page refuses.
 */
const typeOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { main } = view.state.selection, text = event.data;
    if (event.inputType !== "insertText" || !text || main.empty || view.composing) return false;
    event.preventDefault();
    const insert = (): Transaction => view.state.update(view.state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true });
    if (!view.state.facet(EditorView.inputHandler).some((handle) => handle(view, main.from, main.to, text, insert))) view.dispatch(insert());
    return true;
  },
});

export interface Field {
  parent: HTMLElement;
  text: string;
  name: string;
  help: string;
  complete: CompletionSource;
  lint: Extension;
  run: () => void;
  changed: (typed: boolean) => void;
}

/** Makes the field. Tab is left to the browser: it goes on to what comes next. */
export function field({ parent, text, name, help, complete, lint, run, changed }: Field): EditorView {
  const root = parent.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [hidden];
  const hint = document.createElement("p");
  hint.id = "hint";
  hint.className = "hint";
  hint.textContent = help;
  const view = new EditorView({
    root,
    state: EditorState.create({
      doc: text,
      extensions: [
        keymap.of([{ key: "Mod-Enter", run: () => (run(), true) }]),
        lineNumbers(), history(), drawSelection(), highlightActiveLine(), indentOnInput(), bracketMatching(), closeBrackets(),
        autocompletion({ override: [complete], icons: false, maxRenderedOptions: 80, activateOnTypingDelay: 80 }),
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap]),
        sparql(), syntaxHighlighting(highlight), look, lint, typeOver, EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": name, "aria-describedby": "hint" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) changed(update.transactions.some((one) => one.isUserEvent("input.type")));
        }),
      ],
    }),
  });
  root.append(hint, view.dom);
  return view;
}

/** Puts another text into the field, which can be undone. */
export function replaceText(view: EditorView, text: string): void {
  if (text !== view.state.doc.toString()) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
}

/** Where a line and a column, both from 1, are in the text; within it, whatever they are. */
export function offsetOf(view: EditorView, line: number, column: number): number {
  const at = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines));
  // A column counts characters; the text is kept in units of 16 bits.
  const units = [...at.text].slice(0, Math.max(0, column - 1)).join("").length;
  return at.from + Math.min(units, at.length);
}

/** Marks a part of the text, shows it, and puts the cursor there. */
export function goTo(view: EditorView, line: number, column: number, endLine = line, endColumn = column): void {
  const anchor = offsetOf(view, line, column), head = offsetOf(view, endLine, endColumn);
  view.dispatch({ selection: { anchor, head }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
  view.focus();
}
