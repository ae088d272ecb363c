"""Dutch names are taken apart: legal form, kind of body, acronym, and one spelling of the name."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from so2graph.link.dutch import (
    NameForms,
    fold,
    forms_agree,
    initials,
    name_forms,
    packed,
    place_name,
    postcode,
    unpacked,
)
from so2graph.link.dutch_words import BODIES, FORM_ENDS, FORM_STARTS, rows_of
from so2graph.link.mergers import municipality_on
from tests.reference_lists import linking_file, triples

_TEXT = st.text(max_size=60)
_PIECES = (
    "Stichting Stg. Ver. B.V. bv N.V. v.o.f. U.A. Holding i.o. gemeente provincie St. Sint 's- 't d' De Het Ljouwert "
    "Fryslân Den Haag Assen & + en ( ) (NH) (SNN) SNN - , NH 9401 HZ é ĳ &amp; ß . '"
)
_DUTCH = st.lists(st.sampled_from(_PIECES.split(" ")), max_size=8).map(" ".join)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("", ""),
        ("  ", ""),
        ("!?", ""),
        ("Café 't Hoekje", "cafe t hoekje"),
        ("JANSEN & ZOON", "jansen en zoon"),
        ("Jansen+Zoon", "jansen en zoon"),
        ("Jansen &amp; Zoon", "jansen en zoon"),
        ("L&#252;dascher", "ludascher"),
        ("B.V.", "bv"),
        ("v.o.f. De Hoop", "vof de hoop"),
        ("S.N.N.", "snn"),
        ("foto's", "fotos"),
        ("foto’s", "fotos"),
        ("'s-Gravenhage", "s gravenhage"),
        ("d'Oude Schuur", "d oude schuur"),
        ("Súdwest-Fryslân", "sudwest fryslan"),
        ("ĲSSELSTEIN", "ijsselstein"),
        ("Straße", "strasse"),
        ("Łódź Ærø", "lodz aero"),
        ("versie 2.0", "versie 2 0"),
        ("Москва́", "москва"),
        ("हिन्दी", "हिनदी"),
    ],
)
def test_a_text_is_folded(text: str, folded: str) -> None:
    """Capitals, accents and signs go, letters of other scripts stay, and `&` and `+` are a word."""
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "core", "form"),
    [
        ("Stichting AssenvoorAssen", "assenvoorassen", "stichting"),
        ("Stg. Welzijn Assen", "welzijn assen", "stichting"),
        ("St. Welzijn Assen", "welzijn assen", "stichting"),
        ("Vereniging Impact Noord", "impact noord", "vereniging"),
        ("Ver. Dorpsbelangen Norg e.o.", "dorpsbelangen norg en omgeving", "vereniging"),
        ("Coöperatie Noorden Duurzaam U.A.", "noorden duurzaam", "cooperatie ua"),
        ("Coöperatieve Vereniging De Eendracht W.A.", "de eendracht", "cooperatie vereniging wa"),
        ("Zuivelfabriek De Eendracht B.A.", "zuivelfabriek de eendracht", "cooperatie ba"),
        ("Buro Bries B.V.", "buro bries", "bv"),
        ("Buro Bries bv", "buro bries", "bv"),
        ("Buro Bries B V", "buro bries", "bv"),
        ("Buro Bries B.V. i.o.", "buro bries", "bv io"),
        ("B.V. Sport Vlagtwedde", "sport vlagtwedde", "bv"),
        ("N.V. NOM", "nom", "nv"),
        ("Jansen & Zn. v.o.f.", "jansen en zonen", "vof"),
        ("Jansen en Zoon VOF", "jansen en zonen", "vof"),
        ("Handelsonderneming Smit C.V.", "handelsonderneming smit", "cv"),
        ("Maatschap De Vries", "de vries", "maatschap"),
        ("Alescon Holding B.V.", "alescon", "bv holding"),
        ("Alescon Beheer B.V.", "alescon", "bv holding"),
        ("Onderlinge Verzekering Het Noorden", "verzekering het noorden", "onderlinge"),
        ("Stichting Vrienden ANBI", "vrienden", "stichting anbi"),
        ("Social Enterprise Foundation", "social enterprise", "stichting"),
        ("Gemeenschappelijke Regeling Alescon", "alescon", "gr"),
        ("GR Alescon", "alescon", "gr"),
        ("Stichting", "stichting", ""),
        ("B.V.", "bv", ""),
        ("De Stichting", "de stichting", ""),
        ("Utrechtse Stichting voor Wonen", "utrechtse stichting voor wonen", ""),
        ("De Drentse Zaak", "drentse zaak", ""),
        ("De Wilp", "de wilp", ""),
        ("MVO Nederland", "mvo nederland", ""),
    ],
)
def test_a_legal_form_is_read_apart(text: str, core: str, form: str) -> None:
    """The legal form is kept beside the name, in one spelling, and a name that is nothing else stays a name."""
    forms = name_forms(text)
    assert (forms.core, forms.legal_form) == (core, form)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Den Haag", "'s-Gravenhage"),
        ("Den Bosch", "'s-Hertogenbosch"),
        ("Leeuwarden", "Ljouwert"),
        ("gemeente Leeuwarden", "gemeinte Ljouwert"),
        ("Museum Friesland", "Museum Fryslân"),
        ("Súdwest-Fryslân", "Zuidwest-Friesland"),
        ("De Friese Meren", "De Fryske Marren"),
        ("Groningen", "Grins"),
        ("Groningen", "Grunnen"),
        ("Heerenveen", "It Hearrenfean"),
        ("St. Annaparochie", "Sint Annaparochie"),
        ("St Annaparochie", "Sint-Anne"),
        ("Buro Bries", "Bureau Bries"),
        ("'t Hoekje", "Het Hoekje"),
        ("’t Hoekje", "Het Hoekje"),
        ("Bergen (NH)", "Bergen NH"),
        ("Bergen (NH)", "Bergen (Noord-Holland)"),
        ("Hengelo (Gld.)", "Hengelo (Gelderland)"),
        ("Vrienden van Assen & Norg", "Vrienden van Assen en Norg"),
        ("Gemeentelijke Gezondheidsdienst Groningen", "GGD Groningen"),
        ("MVO Nederland", "Maatschappelijk Verantwoord Ondernemen Nederland"),
        ("Friends of Assen and Norg", "Friends of Assen + Norg"),
        ("Social Enterprise Netherlands", "Social Enterprise Nederland"),
    ],
)
def test_two_spellings_are_one_name(one: str, other: str) -> None:
    """Spellings that everybody takes for the same have the same core."""
    assert name_forms(one).core == name_forms(other).core != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bergen (NH)", "Bergen (L)"),
        ("De Wilp", "Wilp"),
        ("Assen", "Essen"),
        ("Groningen", "Assen"),
        ("MVO alliantie", "MVO Nederland"),
        ("Alescon", "Alescon 2"),
    ],
)
def test_two_names_stay_two(one: str, other: str) -> None:
    """What tells two names apart is not lost."""
    assert name_forms(one).core != name_forms(other).core


@pytest.mark.parametrize(
    ("text", "core", "body"),
    [
        ("gemeente Groningen", "groningen", "gemeente"),
        ("Gem. Assen", "assen", "gemeente"),
        ("Groningen (gemeente)", "groningen", "gemeente"),
        ("Groningen, gemeente", "groningen", "gemeente"),
        ("Municipality of Groningen", "groningen", "gemeente"),
        ("provincie Groningen", "groningen", "provincie"),
        ("Provinsje Fryslân", "friesland", "provincie"),
        ("waterschap Hunze en Aa's", "hunze en aas", "waterschap"),
        ("Wetterskip Fryslân", "friesland", "waterschap"),
        ("Hoogheemraadschap van Delfland", "delfland", "waterschap"),
        ("Stad Groningen", "groningen", "stad"),
        ("Stad en Lande", "stad en lande", ""),
        ("Gemeente", "gemeente", ""),
        ("Gemeentelijke Kredietbank Drenthe", "gemeentelijke kredietbank drenthe", ""),
        ("Hervormde Gemeente Assen", "hervormde gemeente assen", ""),
        ("Groningen", "groningen", ""),
    ],
)
def test_the_kind_of_body_is_no_name(text: str, core: str, body: str) -> None:
    """Gemeente, provincie, waterschap and stad say what kind of body has the name; elsewhere in it they are words."""
    forms = name_forms(text)
    assert (forms.core, forms.body) == (core, body)


@pytest.mark.parametrize(
    ("text", "core", "acronym"),
    [
        ("Samenwerkingsverband Noord-Nederland (SNN)", "samenwerkingsverband noord nederland", "snn"),
        ("SNN - Samenwerkingsverband Noord-Nederland", "samenwerkingsverband noord nederland", "snn"),
        ("Samenwerkingsverband Noord-Nederland – SNN", "samenwerkingsverband noord nederland", "snn"),
        (
            "Intergemeentelijke Sociale Dienst (ISD) Bollenstreek",
            "isd bollenstreek",
            "isd",
        ),
        ("SNN", "snn", "snn"),
        ("S.N.N.", "snn", "snn"),
        ("Assen", "assen", ""),
        ("Jansen - Pietersen", "jansen pietersen", ""),
        ("Werkplein (in oprichting)", "werkplein in oprichting", ""),
    ],
)
def test_an_acronym_is_found(text: str, core: str, acronym: str) -> None:
    """An acronym in brackets, before or behind a dash, or alone, is told apart."""
    forms = name_forms(text)
    assert (forms.core, forms.acronym) == (core, acronym)


def test_initials_leave_small_words_out_and_in() -> None:
    """A name can be shortened with its small words and without them; one word cannot."""
    assert initials("samenwerkingsverband noord nederland") == ("snn",)
    assert initials("vereniging van eigenaars") == ("ve", "vve")
    assert initials("assen") == initials("") == ()


@pytest.mark.parametrize(
    ("left", "right", "agreement"),
    [
        ("bv", "bv", 1),
        ("bv", "bv io", 1),
        ("stichting", "stichting anbi", 1),
        ("cooperatie ua", "cooperatie ua", 1),
        ("bv", "", 0),
        ("", "", 0),
        ("anbi", "bv", 0),
        ("bv", "stichting", -1),
        ("bv", "bv holding", -1),
        ("bv", "nv", -1),
    ],
)
def test_legal_forms_agree_or_contradict(left: str, right: str, agreement: int) -> None:
    """The same form is evidence for, another evidence against, none at all says nothing; either way round."""
    assert forms_agree(left, right) == forms_agree(right, left) == agreement


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Assen", "assen"),
        ("9401 HZ Assen", "assen"),
        ("9401HZ ASSEN", "assen"),
        ("Assen, Nederland", "assen"),
        ("gemeente Assen", "assen"),
        ("Ljouwert", "leeuwarden"),
        ("'s-Gravenhage", "den haag"),
        ("The Hague", "den haag"),
        ("Nederland", "nederland"),
        ("Noord-Nederland", "noord nederland"),
        ("Bergen (NH)", "bergen noord holland"),
        ("", ""),
    ],
)
def test_a_place_has_one_name(text: str, place: str) -> None:
    """A place is compared by its Dutch name alone."""
    assert place_name(text) == place


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Brink 1, 9401 HZ Assen", "9401hz"),
        ("9401hz", "9401hz"),
        ("0401 HZ", None),
        ("9401 SS Assen", None),
        ("94011 HZ", None),
        ("Assen", None),
    ],
)
def test_a_postcode_is_found(text: str, found: str | None) -> None:
    """Four digits that begin with no zero, and two letters that are ever given out."""
    assert postcode(text) == found


@given(st.one_of(_TEXT, _DUTCH))
def test_folding_twice_is_folding_once(text: str) -> None:
    """Any text can be folded, and what is folded stays as it is."""
    once = fold(text)
    assert fold(once) == once
    assert once == " ".join(once.split())


@given(st.one_of(_TEXT, _DUTCH))
def test_any_text_has_forms(text: str) -> None:
    """No text makes the reading fail; a text with words has a core, one without has nothing; forms can be packed."""
    forms = name_forms(text)
    assert bool(forms.core) == bool(forms.folded)
    again = unpacked(packed(forms))
    assert again == NameForms(again.folded, forms.core, forms.legal_form, forms.acronym, forms.body)
    assert "\t" not in forms.core
    place_name(text)
    postcode(text)


@given(st.one_of(_TEXT, _DUTCH))
def test_a_name_ignores_capitals_and_outer_blanks(text: str) -> None:
    """Blanks around a name change nothing."""
    assert name_forms(f"  {text}\n") == name_forms(text)


@given(st.text("abcdefgh ", min_size=1, max_size=20))
def test_a_form_before_and_behind_is_taken_off(name: str) -> None:
    """A name has the same core with a legal form before it and behind it."""
    core = name_forms(f"zz {name}").core
    assert name_forms(f"Stichting zz {name}").core == core
    assert name_forms(f"zz {name} B.V.").core == core


def test_every_form_and_body_is_folded_already() -> None:
    """The tables hold folded words: one that is not would never be found."""
    words = [*FORM_STARTS, *FORM_ENDS, *BODIES]
    assert [word for word in words if fold(word) != word] == []


def test_every_other_name_of_a_place_is_known_for_it() -> None:
    """The Dutch places set gives a place the other names of the table, but for those that it does not know at all."""
    names: dict[str, set[str]] = {
        subject: {fold(text) for key in ("label", "prefLabel", "altLabel") for text in said[key]}
        for subject, said in triples(linking_file("wof-nl-places.nt.gz")).items()
    }
    having = defaultdict[str, list[str]](list)
    for subject, said in names.items():
        for name in said:
            having[name].append(subject)
    unknown, wrong = [], []
    for dutch, others, *_ in rows_of("places.tsv"):
        for other in map(fold, others.split("|")):
            if other not in having:
                unknown.append(other)
            elif not any(other in names[subject] for subject in having[fold(dutch)]):
                wrong.append((dutch, other))
    # Gronings, Stadsfries, and forms without the article; the set has Súdwest-Fryslân by its own name only.
    assert unknown == [
        *("grunn", "grunnen", "gronnen", "drente", "liwwadden", "noardeast fryslan", "hearrenfean", "de drachten"),
        *("amelan", "knoal", "winschoot"),
    ]
    assert wrong == [("zuidwest friesland", "sudwest fryslan"), ("gaasterland sloten", "gaasterlan sleat")]


def test_no_other_name_is_a_dutch_name_of_another_place() -> None:
    """A name that is turned into another is not the Dutch name of a place elsewhere, and is turned into one only."""
    dutch = {fold(row[0]) for row in rows_of("places.tsv")}
    others = [fold(other) for row in rows_of("places.tsv") for other in row[1].split("|")]
    assert not dutch & set(others)
    assert len(others) == len(set(others))
    labels = {
        fold(label): {fold(text) for text in said["prefLabel"]}
        for said in triples(linking_file("wof-nl-places.nt.gz")).values()
        for label in said["label"]
    }
    # The set has these places a second time, by that name alone.
    assert {other for other in others if other in labels and not labels[other] & {*dutch, other}} == {
        "s gravenhage",
        "de jouwer",
        "gaasterlan sleat",
    }


@pytest.mark.parametrize(
    ("code", "day", "name", "since", "until"),
    [
        ("GM0014", "2017-06-15", "Groningen", None, "2019-01-01"),
        ("gm0014", "2018-12-31", "Groningen", None, "2019-01-01"),
        ("0014", "2019-01-01", "Groningen", "2019-01-01", None),
        ("GM0017", "2018-12-31", "Haren", None, "2019-01-01"),
        ("GM0017", "2019-01-01", "Groningen", "2019-01-01", None),
        ("GM0009", "2026-01-01", "Groningen", "2019-01-01", None),
        ("GM0080", "2017-12-31", "Leeuwarden", None, "2018-01-01"),
        ("GM0081", "2018-01-01", "Leeuwarden", "2018-01-01", None),
        ("GM0051", "2014-06-01", "De Friese Meren", "2014-01-01", "2015-07-01"),
        ("GM0051", "2016-01-01", "De Fryske Marren", "2015-07-01", None),
        ("GM0010", "2020-12-31", "Delfzijl", None, "2021-01-01"),
        ("GM0010", "2021-01-01", "Eemsdelta", "2021-01-01", None),
    ],
)
def test_a_code_meant_a_municipality_on_a_day(
    code: str, day: str, name: str, since: str | None, until: str | None
) -> None:
    """Before its merger a code is the old municipality, from that day on the new, even where the code stayed."""
    found = municipality_on(code, date.fromisoformat(day))
    assert found is not None
    assert (found.name, found.since, found.until) == (
        name,
        date.fromisoformat(since) if since else None,
        date.fromisoformat(until) if until else None,
    )


@pytest.mark.parametrize(
    ("code", "day"),
    [
        ("GM1979", "2020-12-31"),
        ("GM0055", "2014-01-01"),
        ("GM0140", "2018-01-01"),
        ("GM0106", "2020-01-01"),
        ("", "2020-01-01"),
    ],
)
def test_no_municipality_is_guessed(code: str, day: str) -> None:
    """A code before its time, one that was divided over several, and one that is not in the table have none."""
    assert municipality_on(code, date.fromisoformat(day)) is None


def test_a_merger_says_what_went_into_it() -> None:
    """Groningen of today was made of three municipalities, one of them with the code that it has."""
    today = municipality_on("GM0014", date(2026, 1, 1))
    assert today is not None
    assert today.formed_from == ("GM0009", "GM0014", "GM0017")
    assert today != municipality_on("GM0014", date(2017, 1, 1))


def test_every_code_of_a_merger_is_one_municipality_at_a_time() -> None:
    """Every code of the table is known, and at each change the new begins on the day on which the old ends."""
    names = {code for code, _ in rows_of("municipalities.tsv")}
    for old, new, text in rows_of("mergers.tsv"):
        day = date.fromisoformat(text)
        assert old in names
        before = municipality_on(old, day - timedelta(days=1))
        assert before is not None
        assert before.until == day, old
        after = municipality_on(old, day)
        assert (after is None) == (new == "-")
        if after:
            assert (after.code, after.since) == (new, day)
            assert old in after.formed_from


def test_the_codes_of_mergers_are_those_of_tooi() -> None:
    """Code and name of each municipality are as in the list of public bodies."""
    bodies = triples(linking_file("tooi-organisations.nt"))
    for code, name in rows_of("municipalities.tsv"):
        said = bodies[f"https://identifier.overheid.nl/tooi/id/gemeente/{code.lower()}"]["label"]
        assert [fold(f"gemeente {name}")] == [fold(label) for label in said], code
