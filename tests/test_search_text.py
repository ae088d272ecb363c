"""What is alike for who searches: word forms, compounds, typing errors, signs; and what is marked."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from so2graph.publish.search_text import Part, Query, folded, grams, marked, near_words, score, stem

ALIKE = (
    ("alescom", "Alescon"),
    ("Alesco", "Alescon"),
    ("gronignen", "Groningen"),
    ("buro brie", "Buro Bries"),
    ("bureau bries", "Buro Bries"),
    ("drentse zaak", "De Drentse Zaak"),
    ("drentsezaak", "De Drentse Zaak"),
    ("Drents zaak", "De Drentse Zaak"),
    ("kerngroepen", "kerngroep"),
    ("kern groep", "kerngroep"),
    ("kern-groep", "kerngroep"),
    ("groep", "kerngroep"),
    ("groepen", "kerngroep SO netwerk Assen/Drenthe"),
    ("netwerken", "SO netwerk Groningen"),
    ("networks", "SO network Groningen"),
    ("sociaal", "sociale ondernemingen"),
    ("sociaal ondernemen", "sociaal ondernemerschap"),
    ("sociaal ondernemen", "sociale ondernemingen"),
    ("inclusief", "inclusieve samenleving"),
    ("bedrijf", "bedrijven en organisaties"),
    ("huis", "Huizen van de Buurt"),
    ("company", "companies and organisations"),
    ("conferentie", "conferenties (2016 en 2017)"),
    ("noord-nederland", "SO netwerk Noord Nederland"),
    ("noordnederland", "Noord-Nederland"),
    ("Noord NL", "Noord Nederland"),
    ("social enterprise nl", "Social Enterprise Nederland"),
    ("hertogenbosch", "’s-Hertogenbosch"),
    ("s hertogenbosch", "'s-Hertogenbosch"),
    ("noorden", "het Noorden"),
    ("'t noorden", "het Noorden"),
    ("sint jan", "St. Jan"),
    ("st jan", "Sint-Jan"),
    ("jansen & zonen", "Jansen en Zonen"),
    ("jansen + zonen", "Jansen and Zonen"),
    ("jansen en zn bv", "Jansen & Zn. B.V."),
    ("de werkplaats bv", "De Werkplaats"),
    ("werkplaats", "Stichting De Werkplaats v.o.f."),
    ("creme brulee", "Crème Brûlée"),
    ("fryslan", "Fryslân"),
    ("IJssel", "ĳssel"),
    ("yssel", "IJssel"),
    ("smorrebrod", "Smørrebrød"),
    ("strasse", "Straße"),
    ("GRONINGEN", "groningen"),
    ("gem. assen", "gemeente Assen"),
    ("ass", "AssenvoorAssen"),
    ("مركز", "مَركز الأثر"),
)
UNLIKE = (
    ("assen", "is niet dezelfde als"),
    ("zaak", "Alescon"),
    ("2017", "stappen voor 2018"),
    ("kerngroepen", "stedelijke kern"),
    ("buro", "bron"),
    ("de", "Drenthe en nog veel meer woorden"),
    ("mvo", "SO2"),
)


@pytest.mark.parametrize(("asked", "name"), ALIKE, ids=[f"{asked} = {name}" for asked, name in ALIKE])
def test_it_finds_what_is_meant(asked: str, name: str) -> None:
    """Misspelt, in another form, with or without signs, accents and small words."""
    assert score(asked, name) >= 0.6


@pytest.mark.parametrize(("asked", "name"), UNLIKE, ids=[f"{asked} ≠ {name}" for asked, name in UNLIKE])
def test_it_does_not_find_what_is_not(asked: str, name: str) -> None:
    """Few letters in common, another number, the lesser half of a compound."""
    assert score(asked, name) < 0.6


def test_the_better_name_has_the_better_score() -> None:
    """The same, then a form of it, then the same with more, then a typing error."""
    names = ("Buro Bries", "Buros Bries", "Buro Bries Groningen", "Buro Brits")
    scores = [score("buro bries", name) for name in names]
    assert scores[0] == 1.0
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)


@pytest.mark.parametrize(
    ("one", "other"),
    [("kerngroepen", "kerngroep"), ("netwerken", "netwerk"), ("scholen", "school"), ("bedrijven", "bedrijf"),
     ("huizen", "huis"), ("mannen", "man"), ("industrieën", "industrie"), ("mogelijkheden", "mogelijkheid"),
     ("ondernemingen", "onderneming"), ("sociale", "sociaal"), ("networks", "network"), ("companies", "company")],
)  # fmt: skip
def test_forms_of_a_word_have_one_stem(one: str, other: str) -> None:
    """Dutch and English plurals, and the ending of adjectives."""
    assert stem(folded(one)) == stem(folded(other))


@given(st.text(max_size=300))
@example("‘we’ (niet genoemd)")
@example("🦄🦄")
@example("B.V.")
@example("&")
@example("a\u0301\u0301")
@example("\u202eabc")
def test_a_name_is_like_itself(name: str) -> None:
    """Whatever it is made of, if it is anything but blanks; and folding twice is folding once for words."""
    if not folded(name):
        assert not name.strip() or not any(c.isalnum() for c in name)
        return
    assert score(name, name) == 1.0
    assert all(grams(word) for word in folded(name).split(" "))


@given(st.text(max_size=80), st.text(max_size=200))
def test_marks_leave_the_text_as_it_is(asked: str, text: str) -> None:
    """The parts make up the whole, none is empty, and no two hits that touch were one word twice."""
    parts = marked(Query(asked), text)
    assert "".join(part.text for part in parts) == text
    assert all(part.text for part in parts)


def test_words_that_were_asked_for_are_marked() -> None:
    """The part that was typed where a word begins so or holds it, and the whole word for another form of it."""
    assert marked(Query("buro brie"), "Buro Bries (bron)") == (
        Part("Buro", True), Part(" "), Part("Brie", True), Part("s (bron)"),
    )  # fmt: skip
    assert marked(Query("groepen"), "de kerngroep") == (Part("de "), Part("kerngroep", True))
    assert marked(Query("groep"), "de kerngroep") == (Part("de kern"), Part("groep", True))
    assert marked(Query("alescom"), "Alescon") == (Part("Alescon", True),)
    assert marked(Query("de"), "<b>Drenthe</b>") == (Part("<b>Drenthe</b>"),)
    assert marked(Query("b"), "<b>x</b>") == (Part("<"), Part("b", True), Part(">x</"), Part("b", True), Part(">"))


def test_only_so_many_words_are_compared() -> None:
    """A thousand words cost no more than a dozen."""
    assert len(Query(" ".join(f"woord{number}" for number in range(1000))).words) == 12


def test_near_words_are_words_of_names() -> None:
    """The nearest first, without those that were typed."""
    names = [folded(name) for name in ("Buro Bries", "Groningen", "Gronau", "Assen")]
    assert near_words(Query("gronin"), names)[:2] == ["groningen", "gronau"]
    assert near_words(Query("groningen"), ["groningen"]) == []
