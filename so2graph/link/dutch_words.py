"""The words that Dutch names are made of besides the name: legal forms, kinds of body, other names of places."""

from __future__ import annotations

from importlib.resources import files

__all__ = [
    "ARTICLES",
    "BODIES",
    "FORM_ENDS",
    "FORM_STARTS",
    "LETTERS",
    "PROVINCES",
    "SAINTS",
    "SMALL",
    "WORDS",
    "rows_of",
]


def _words(text: str) -> list[str]:
    return text.split()


LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ħ": "h", "ŋ": "n"}
)

FORM_STARTS = {
    "stichting": "stichting",
    "stg": "stichting",
    "sticht": "stichting",
    "stifting": "stichting",
    "vereniging": "vereniging",
    "ver": "vereniging",
    "vereeniging": "vereniging",
    "vereniginge": "vereniging",
    "feriening": "vereniging",
    "cooperatie": "cooperatie",
    "cooperatieve": "cooperatie",
    "coop": "cooperatie",
    "kooperaasje": "cooperatie",
    "onderlinge": "onderlinge",
    "maatschap": "maatschap",
    "bv": "bv",
    "nv": "nv",
    "vof": "vof",
    "eenmanszaak": "eenmanszaak",
    "gr": "gr",
    "st": "stichting",
}
"""Legal forms before a name. A `st` before the name of a saint is Sint, and has been read before."""

FORM_ENDS = {
    "bv": "bv",
    "b v": "bv",
    "besloten vennootschap": "bv",
    "bv io": "bv io",
    "nv": "nv",
    "n v": "nv",
    "naamloze vennootschap": "nv",
    "vof": "vof",
    "v o f": "vof",
    "vennootschap onder firma": "vof",
    "cv": "cv",
    "c v": "cv",
    "commanditaire vennootschap": "cv",
    "cooperatie": "cooperatie",
    "cooperatief": "cooperatie",
    "ua": "cooperatie ua",
    "u a": "cooperatie ua",
    "wa": "cooperatie wa",
    "w a": "cooperatie wa",
    "ba": "cooperatie ba",
    "b a": "cooperatie ba",
    "uitgesloten aansprakelijkheid": "cooperatie ua",
    "stichting": "stichting",
    "vereniging": "vereniging",
    "maatschap": "maatschap",
    "eenmanszaak": "eenmanszaak",
    "holding": "holding",
    "beheer bv": "bv holding",
    "anbi": "anbi",
    "io": "io",
    "gmbh": "gmbh",
    "ltd": "ltd",
    "limited": "ltd",
    "inc": "inc",
    "llc": "llc",
    "plc": "plc",
    "ag": "ag",
    "sa": "sa",
    "sarl": "sarl",
    "bvba": "bvba",
    "vzw": "vzw",
    "foundation": "stichting",
    "cooperative": "cooperatie",
}
"""Legal forms behind a name, in full and in short."""

BODIES = {
    "gemeente": "gemeente",
    "gem": "gemeente",
    "gemeinte": "gemeente",
    "municipality": "gemeente",
    "municipality of": "gemeente",
    "provincie": "provincie",
    "prov": "provincie",
    "provinsje": "provincie",
    "province": "provincie",
    "province of": "provincie",
    "waterschap": "waterschap",
    "hoogheemraadschap": "waterschap",
    "wetterskip": "waterschap",
    "stad": "stad",
    "city of": "stad",
}
"""Words that say which kind of body has the name that follows, or stand in brackets behind it."""

PROVINCES = {
    "nh": "noord holland",
    "zh": "zuid holland",
    "nb": "noord brabant",
    "gld": "gelderland",
    "g": "gelderland",
    "o": "overijssel",
    "ov": "overijssel",
    "l": "limburg",
    "lb": "limburg",
    "li": "limburg",
    "z": "zeeland",
    "zld": "zeeland",
    "ze": "zeeland",
    "fr": "friesland",
    "frl": "friesland",
    "fryslan": "friesland",
    "gr": "groningen",
    "gn": "groningen",
    "dr": "drenthe",
    "ut": "utrecht",
    "utr": "utrecht",
    "fl": "flevoland",
}
"""What stands in brackets behind a name that more than one place has."""

WORDS = {
    "and": "en",
    "und": "en",
    "bureau": "buro",
    "mij": "maatschappij",
    "kon": "koninklijke",
    "ned": "nederlandse",
    "nederl": "nederlandse",
    "alg": "algemene",
    "chr": "christelijke",
    "netherlands": "nederland",
    "gebrs": "gebroeders",
    "gebr": "gebroeders",
    "zn": "zonen",
    "zoon": "zonen",
    "int": "internationaal",
    "internat": "internationaal",
}
"""Other ways to write a word of a name."""

ARTICLES = frozenset(("de", "het", "een", "the", "it"))
SMALL = frozenset(_words("de het een van voor in op en te der den des bij aan met om tot the of for and"))
"""Words that an acronym leaves out."""

SAINTS = tuple(
    _words(
        "agatha agnes albertus aloysius andreas andries anna anne anth anton augustinus barbara bartholomeus "
        "benedictus bernardus bonifa catharina cecilia christoffel clara clemens cornelius dominicus elisabeth "
        "eustatius felix fran gabriel geertrui georg gerardus gillis gregorius helena hubert ignatius isidorus "
        "jabik jacob jan johannes joost joris josef joseph jozef laurens laurentius lambertus liduina lucas "
        "ludger maarten marcus maria martin matt maxim michael michiel nic nik nyk odilia odilien oedenrode "
        "pancras pankras paul peter petrus philip filip pieter plechelmus radboud rafael rita sebastiaan "
        "servatius stephan steven theresia thomas trudo urban victor vincent vitus walburg willebrord willibrord"
    )
)
"""How names of saints begin; behind other words `st` is no Sint."""


def rows_of(name: str) -> tuple[tuple[str, ...], ...]:
    """The rows of a table in `dutch_data`, without the comments and the header."""
    text = (files("so2graph.link") / "dutch_data" / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return tuple(tuple(line.split("\t")) for line in lines[1:])
