"""Reads Dutch names: what is name, what legal form, what kind of body, and which spellings are the same name."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from so2graph.link.dutch_words import (
    ARTICLES,
    BODIES,
    FORM_ENDS,
    FORM_STARTS,
    LETTERS,
    PROVINCES,
    SAINTS,
    SMALL,
    WORDS,
    rows_of,
)

__all__ = [
    "NameForms",
    "fold",
    "forms_agree",
    "initials",
    "name_forms",
    "packed",
    "place_name",
    "postcode",
    "unpacked",
]

_INITIALS = re.compile(r"(?<![^\W_])(?:[^\W\d_]\.){1,}[^\W\d_](?![^\W_])\.?")
"""Letters with points between them: B.V., v.o.f., S.N.N."""
_QUOTE = str.maketrans(dict.fromkeys("’‘`´ʼ′＇", "'"))
_INNER = re.compile(r"(?<=[^\W\d_]{2})'(?=[^\W\d_])")
"""An apostrophe within a word: foto's, zo'n; not that of 't, 's-, d'Oude."""
_SIGNS = bytes(c if chr(c).isalnum() and c < 128 else 32 for c in range(256))
_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_CAPITALS = re.compile(r"[A-Z][A-Z0-9]{1,7}$")
_DASHED = re.compile(r"\s[-–—]\s")
_POSTCODE = re.compile(r"\b([1-9]\d{3})\s?([A-Za-z]{2})\b")
_NO_POSTCODE = frozenset({"SA", "SD", "SS"})


@dataclass(frozen=True)
class NameForms:
    """A name taken apart; all but `folded` can be empty.

    `folded` are all its words; `core` the name without legal form, kind of body and article, in one spelling;
    `legal_form` words such as `stichting`, `bv`, `bv holding`, `cooperatie ua`; `acronym` one that it states
    (`snn`); `body` is `gemeente`, `provincie`, `waterschap` or `stad` where the name is that of such a body.
    """

    folded: str
    core: str
    legal_form: str = ""
    acronym: str = ""
    body: str = ""


def fold(text: str) -> str:
    """The words of a text, without capitals, accents and signs, with one blank between them; `&` and `+` are `en`.

    Any text can be folded; a folded text stays the same.
    """
    if "&" in text and ";" in text:
        text = html.unescape(text)
    if not text.isascii():
        return _fold_any(text)
    if "." in text:
        text = _INITIALS.sub(_no_points, text)
    if "'" in text:
        text = _INNER.sub("", text)
    return _signs_out(text.lower())


def _signs_out(text: str) -> str:
    """A text in ASCII without signs, and with `en` for those that are a word."""
    if "&" in text or "+" in text:
        text = text.replace("&", " en ").replace("+", " en ")
    return " ".join(text.encode("ascii").translate(_SIGNS).decode("ascii").split())


def _no_points(match: re.Match[str]) -> str:
    return f"{match.group().replace('.', '')} "


def _fold_any(text: str) -> str:
    text = text.translate(_QUOTE)
    for _ in range(3):  # what is taken apart and made small can have to be taken apart again
        before, text = text, _plain(text)
        if text == before or text.isascii():
            break
    return text


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    text = text.translate(LETTERS).translate(_QUOTE)
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = _INNER.sub("", _INITIALS.sub(_no_points, text))
    if text.isascii():
        return _signs_out(text)
    text = text.replace("&", " en ").replace("+", " en ")
    # A vowel sign of an Indian script is a mark and belongs to its word.
    return " ".join("".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in text).split())


def name_forms(text: str) -> NameForms:
    """A name taken apart; of an empty text, or one of signs only, all forms are empty."""
    folded = fold(text)
    acronym, body, notes = "", "", list[str]()
    if "(" in text or "[" in text:
        words, acronym, body, notes = _bracketed(text)
    elif found := _DASHED.search(text):
        words, acronym = _dashed(text, found)
    elif "," in text:
        words, body = _behind_comma(text)
    else:
        words = folded.split()
    if len(folded) < 9 and not acronym and _CAPITALS.match(text.strip().replace(".", "")):
        acronym = folded.replace(" ", "")
    words, form = _legal(_spelled(words))
    words, kind = _kind(words)
    if len(words) == 2 and words[1] in ("nh", "zh", "gld"):
        words = [words[0], *PROVINCES[words[1]].split()]
    core = [*_no_article(words), *notes]
    return NameForms(folded, " ".join(core) or folded, form, acronym, body or kind)


def _dashed(text: str, dash: re.Match[str]) -> tuple[list[str], str]:
    """The words of a name, and the acronym that it gives before or behind a dash (`SNN - Samenwerkingsverband …`)."""
    first, last = text[: dash.start()], text[dash.end() :]
    for short, full in ((first, last), (last, first)):
        said = fold(short).replace(" ", "")
        if _CAPITALS.match(short.replace(".", "").strip()) and said in initials(fold(full)):
            return fold(full).split(), said
    return fold(text).split(), ""


def _behind_comma(text: str) -> tuple[list[str], str]:
    """The words of a name with its kind of body behind a comma (`Groningen, gemeente`), and that kind."""
    name, _, last = text.rpartition(",")
    if (body := BODIES.get(fold(last))) and (words := fold(name).split()):
        return words, body
    return fold(text).split(), ""


def _bracketed(text: str) -> tuple[list[str], str, str, list[str]]:
    """The words outside brackets, and what brackets tell: an acronym, a kind of body, a province or other words."""
    acronym, body, notes = "", "", list[str]()
    plain = _BRACKETS.sub(" ", text)
    words = fold(plain).split()
    for inner in _BRACKETS.findall(text):
        said = fold(inner)
        if said in BODIES:
            body = BODIES[said]
        elif said in PROVINCES:
            notes += PROVINCES[said].split()
        elif _CAPITALS.match(inner.replace(".", "").strip()) or said.replace(" ", "") in initials(" ".join(words)):
            acronym = said.replace(" ", "")
        else:
            notes += _spelled(said.split())
    return words or fold(text).split(), acronym, body, notes


def _spelled(words: list[str]) -> list[str]:
    """The words in one spelling: Sint, en, and the Dutch names of places that have another too."""
    found = [WORDS.get(word, word) for word in words]
    if found[:1] == ["t"] and len(found) > 1:
        found[0] = "het"
    for saint in ("st", "saint"):
        if saint in found:
            for at, word in enumerate(found[:-1]):
                if word == saint and found[at + 1].startswith(SAINTS):
                    found[at] = "sint"
    if len(found) > 1 and found[-1] == "eo":
        found[-1:] = ["en", "omgeving"]
    return _replaced(found)


@lru_cache(1)
def _other_names() -> tuple[dict[str, str], dict[str, int]]:
    """Folded phrases with the folded one that they are read as, and how many words one can be by its first word."""
    table, longest = dict[str, str](), dict[str, int]()
    for usual, others, *_ in (*rows_of("places.tsv"), *rows_of("phrases.tsv")):
        for other in map(fold, others.split("|")):
            table[other] = fold(usual)
            words = other.split()
            longest[words[0]] = max(longest.get(words[0], 0), len(words))
    return table, longest


def _replaced(words: list[str]) -> list[str]:
    """Other names of places become the Dutch one, and phrases their abbreviation; the longest first."""
    table, longest = _other_names()
    if longest.keys().isdisjoint(words):
        return words
    found, at = list[str](), 0
    while at < len(words):
        for length in range(min(longest.get(words[at], 0), len(words) - at), 0, -1):
            if usual := table.get(" ".join(words[at : at + length])):
                found += usual.split()
                at += length
                break
        else:
            found.append(words[at])
            at += 1
    return found


def _legal(words: list[str]) -> tuple[list[str], str]:
    """The words without the legal forms at both ends, and those forms; a name that is nothing else stays."""
    rest, forms = words, list[str]()
    while len(rest) > 1:
        if (found := _form_at_end(rest)) or (found := _form_at_start(rest)):
            form, left = found
            if ARTICLES.issuperset(left):
                break
            rest = left
            forms += [each for each in form.split() if each not in forms]
        else:
            break
    return rest, forms[0] if len(forms) == 1 else " ".join(sorted(forms, key=_rank))


def _form_at_end(words: list[str]) -> tuple[str, list[str]] | None:
    if words[-1] not in _LAST_WORDS:
        return None
    for length in (3, 2, 1):
        if len(words) > length and (form := FORM_ENDS.get(" ".join(words[-length:]))):
            return form, words[:-length]
    return None


def _form_at_start(words: list[str]) -> tuple[str, list[str]] | None:
    start = 1 if words[0] in ARTICLES and len(words) > 2 else 0
    form = FORM_STARTS.get(words[start])
    if form is None or len(words) == start + 1:
        return None
    return form, words[start + 1 :]


def _rank(form: str) -> tuple[bool, str]:
    return form in _ADDED, form


_LAST_WORDS = frozenset(form.rpartition(" ")[2] for form in FORM_ENDS)
_ADDED = frozenset(("ua", "wa", "ba", "holding", "io", "anbi"))
"""What is said beside a legal form."""


_BODY_WORDS = frozenset(body.partition(" ")[0] for body in BODIES)


def _kind(words: list[str]) -> tuple[list[str], str]:
    """The words without the kind of body before them (gemeente, provincie), and that kind."""
    if words and words[0] not in _BODY_WORDS:
        return words, ""
    for length in (2, 1):
        kind = BODIES.get(" ".join(words[:length]))
        if kind and len(words) > length and words[length] != "en":
            rest = words[length:]
            return rest[1:] if len(rest) > 1 and rest[0] in ("van", "of", "fan") else rest, kind
    return words, ""


def _no_article(words: list[str]) -> list[str]:
    """The words without the article before them; all, where one word would be left (De Wilp, which is not Wilp)."""
    while len(words) > 2 and words[0] in ARTICLES:
        words = words[1:]
    return words


def initials(folded: str) -> tuple[str, ...]:
    """What a name of more than one word can be shortened to: the first letters of its words, with and without small
    words (`samenwerkingsverband noord nederland`: snn)."""
    words = folded.split()
    full = "".join(word[0] for word in words)
    main = "".join(word[0] for word in words if word not in SMALL)
    return tuple(dict.fromkeys(each for each in (main, full) if len(each) > 1))


def forms_agree(left: str, right: str) -> int:
    """1: the same legal form; 0: not known on a side; -1: they contradict each other.

    What is said beside a form (in formation, ANBI) contradicts nothing, but a holding is not its company.
    """
    mine, other = set(left.split()) - {"io", "anbi"}, set(right.split()) - {"io", "anbi"}
    if not mine - _ADDED or not other - _ADDED:
        return 0
    if mine - _ADDED != other - _ADDED or ("holding" in mine) != ("holding" in other):
        return -1
    return 1


def packed(forms: NameForms) -> str:
    """The forms as one text, as a table of normalised records holds them: core, legal form, body, acronym, with tabs
    between them, and none at the end: a plain name is its core."""
    return "\t".join((forms.core, forms.legal_form, forms.body, forms.acronym)).rstrip("\t")


def unpacked(text: str) -> NameForms:
    """What `packed` wrote; its `folded` are the core and its legal form."""
    core, form, body, acronym, *_ = (*text.split("\t"), "", "", "")
    return NameForms(" ".join(filter(None, (form, body, core))), core, form, acronym, body)


@lru_cache(50_000)
def place_name(text: str) -> str:
    """The name of a place in one spelling: Ljouwert is leeuwarden, 's-Gravenhage is den haag, gemeente Assen assen.

    A postcode before it and the Netherlands behind it are left out.
    """
    forms = name_forms(_POSTCODE.sub(" ", text))
    words = forms.core.split() if forms.core else name_forms(text).core.split()
    return " ".join(words[:-1] if len(words) > 1 and words[-1] == "nederland" and "," in text else words)


def postcode(text: str) -> str | None:
    """The first Dutch postcode in a text (`9401hz`), or None."""
    for digits, letters in _POSTCODE.findall(text):
        if letters.upper() not in _NO_POSTCODE:
            return f"{digits}{letters.lower()}"
    return None
