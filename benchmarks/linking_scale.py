"""Links 10,000 synthetic Dutch names of organisations with 1,000,000: time, memory, and what is found.

Nothing in it is real: names are put together by a seeded generator, which knows which are of one organisation.
"""

from __future__ import annotations

import random
import re
import resource
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from so2graph.link.record import Record
from so2graph.link.spec import Field, Kind, Spec

__all__ = ["SPEC", "LookUp", "Scale", "look_up", "measure", "organisations", "table"]


def _words(text: str) -> list[str]:
    return text.split()


_PLACES = [
    *_words(
        "Assen Groningen Leeuwarden Emmen Hoogeveen Meppel Drachten Sneek Heerenveen Veendam Winschoten "
        "Stadskanaal Delfzijl Appingedam Haren Roden Norg Zuidlaren Beilen Coevorden Zwolle Deventer Enschede "
        "Hengelo Almelo Apeldoorn Arnhem Nijmegen Utrecht Amersfoort Amsterdam Haarlem Alkmaar Hoorn Zaandam "
        "Rotterdam Dordrecht Gouda Leiden Delft Breda Tilburg Eindhoven Helmond Maastricht Heerlen Venlo Roermond "
        "Middelburg Goes Vlissingen Lelystad Almere Kampen Harderwijk Ede Wageningen Tiel Zutphen Doetinchem "
        "Winterswijk Oss Veghel Zeist Woerden Purmerend Schagen Texel Terneuzen Hulst Bergen Harlingen Franeker "
        "Dokkum Bolsward Joure Gorredijk Oosterwolde Steenwijk Hardenberg Ommen"
    ),
    "Den Haag",
    "Den Bosch",
    "Ten Boer",
    "Bergen op Zoom",
    "Súdwest-Fryslân",
    "Sint Annaparochie",
]
_OTHER_PLACES = {
    "Den Haag": "'s-Gravenhage",
    "Den Bosch": "'s-Hertogenbosch",
    "Leeuwarden": "Ljouwert",
    "Sneek": "Snits",
    "Súdwest-Fryslân": "Zuidwest-Friesland",
    "Sint Annaparochie": "St. Annaparochie",
    "Harlingen": "Harns",
}
_FIRST = _words(
    "Jans Piet Klaas Hend Wil Ger Bak Vis Smit Meij Mul Bos Vos Brou Dek Dijk Kok Post Kui Veen Wold Brug Ham "
    "Schol Prins Koster Kramer Wiers Hoek Heide Bol Boer Berg Sloot Poort Molen Noor Wester Ooster Zuider "
    "Noorder Tim Bout Slag Visscher Huizing Hof Braam Elzing Eiken Linde Wilgen Beuk Zwart Wit Roode Groen "
    "Blauw Gold Zilver Ster Maan Zon"
)
_LAST = _words(
    "sen stra ma ing inga huis man mans berg dam veld laar donk meer huizen kamp hoven stee wijk daal brink "
    "horst voort meijer bakker jans stein feld zoon wold kerk beek"
)
_BRANCHES = _words(
    "Bouwbedrijf Aannemersbedrijf Installatietechniek Schildersbedrijf Hoveniersbedrijf Bakkerij Slagerij "
    "Autobedrijf Garage Transport Loonbedrijf Melkveehouderij Kwekerij Accountants Administratiekantoor "
    "Advies Adviesburo Consultancy Architecten Notariaat Advocaten Makelaardij Verzekeringen Thuiszorg "
    "Zorggroep Fysiotherapie Huisartsenpraktijk Tandartspraktijk Apotheek Kinderopvang Basisschool "
    "Muziekschool Sportschool Rijschool Kapsalon Schoonheidssalon Hotel Restaurant Café Cafetaria Brasserie "
    "Camping Recreatiepark Drukkerij Uitgeverij Webdesign Software ICT Energie Techniek Metaal Houtbewerking "
    "Meubelmakerij Stoffeerderij Textiel Kringloop Milieuservice Reiniging Beveiliging Evenementen Fotografie "
    "Reclame Communicatie Training Coaching Detachering Uitzendburo Vastgoed"
)
_CAUSES = _words(
    "Dorpsbelangen Buurthuis Speeltuin Voedselbank Vrienden_van_het_Museum Historische_Kring Natuur_en_Milieu "
    "Welzijn Jeugdwerk Sociaal_Ondernemen Duurzaam Energiecoöperatie Muziekvereniging_Harmonie Toneelgroep "
    "IJsclub Voetbalclub Tennisclub Wijkraad Ondernemersfonds Zorgboerderij Leefbaarheid Molen Kerkgebouwen "
    "Oranjevereniging Carnaval Onderwijs Cultuur Bibliotheek Werk_en_Inkomen Vluchtelingenwerk Ouderenzorg "
    "Dierenopvang Kunstkring Volkstuinen"
)
_ADDED = _words(
    "Noord Zuid Oost West Plus Totaal Direct Actief Samen Nieuw Centrum Regio Service Groep Partners Nederland"
)
_FORMS = (
    ("B.V.", 0.42),
    ("V.O.F.", 0.1),
    ("N.V.", 0.02),
    ("Holding B.V.", 0.1),
    ("Coöperatie U.A.", 0.02),
    ("", 0.34),
)
_LOOSE = {
    "B.V.": ("BV", "b.v.", ""),
    "V.O.F.": ("vof", "VOF", ""),
    "N.V.": ("NV", ""),
    "Holding B.V.": ("Holding BV",),
}
_SHORT = {
    "Bouwbedrijf": "Bouwbedr.",
    "Administratiekantoor": "Adm.kantoor",
    "Vereniging": "Ver.",
    "Stichting": "Stg.",
}

_FORM = re.compile(r"^(Stichting|Vereniging) |(?<!Holding) B\.V\.$| (V\.O\.F\.|N\.V\.|Coöperatie U\.A\.)$")

SPEC = Spec(
    "scale",
    (Field("name", Kind.NAME), Field("city", Kind.PLACE)),
    top=6,
)
"""Names and places, as a trade register and a list of organisations have both."""


@dataclass(frozen=True)
class Scale:
    """What one run took and found.

    `seconds` are those of each stage; `cpu_seconds` those of the processors in all, which tell more where others are
    at work. `recall` is the share of partners among the candidates; `precision` and `found` are of the accepted
    pairs: the share that is right, and the share of partners that is accepted.
    """

    left: int
    right: int
    threads: int
    pairs: int
    recall: float
    accepted: int
    precision: float
    found: float
    seconds: dict[str, float]
    total_seconds: float
    cpu_seconds: float
    peak_mb: int


def organisations(size: int, seed: int = 11) -> Iterator[tuple[str, str]]:
    """Names of organisations with their places: different ones, but as like one another as real ones are.

    In one place no two have the same name but for the legal form, other than a company and its holding.
    """
    random_ = random.Random(seed)
    seen = set[str]()
    while len(seen) < size:
        place = random_.choice(_PLACES)
        name = _name(random_, place)
        key = f"{_FORM.sub('', name)}, {place}"
        if key not in seen:
            seen.add(key)
            yield name, place


def _surname(random_: random.Random) -> str:
    name = random_.choice(_FIRST) + random_.choice(_LAST)
    before = random_.choices(("", "de ", "van ", "van der ", "van den ", "ten "), (70, 8, 10, 6, 4, 2))[0]
    return before + name


def _name(random_: random.Random, place: str) -> str:
    kind = random_.random()
    if kind < 0.22:
        cause = random_.choice(_CAUSES).replace("_", " ")
        body = random_.choices(("Stichting", "Vereniging", ""), (70, 22, 8))[0]
        last = random_.choices(
            (place, f"{_surname(random_).title()}", f"{random_.choice(_ADDED)} {place}"), (50, 35, 15)
        )[0]
        return f"{body} {cause} {last}".strip()
    form = random_.choices([form for form, _ in _FORMS], [share for _, share in _FORMS])[0]
    branch, surname = random_.choice(_BRANCHES), _surname(random_)
    if kind < 0.6:
        main = f"{branch} {surname}"
    elif kind < 0.75:
        main = f"{surname} {branch} {random_.choice((place, random_.choice(_ADDED)))}"
    elif kind < 0.87:
        main = f"{surname} & {_surname(random_)} {branch}"
    elif kind < 0.94:
        main = f"{branch} {surname} {place}"
    else:
        main = f"{random_.choice(_FIRST)}{random_.choice(_LAST)} {random_.choice(_ADDED)} {branch}"
    return f"{main[0].upper()}{main[1:]} {form}".strip()


def _otherwise(random_: random.Random, name: str, place: str) -> tuple[str, str]:
    """Another way in which somebody writes the name and the place."""
    words = name.split(" ")
    for form, loose in _LOOSE.items():
        if name.endswith(f" {form}"):
            words = [*name.removesuffix(f" {form}").split(" "), *random_.choice(loose).split()]
            break
    for at, word in enumerate(words):
        if word == "&":
            words[at] = random_.choice(("en", "&", "+"))
        elif word in _SHORT and random_.random() < 0.5:
            words[at] = _SHORT[word]
    if words[0] in ("Stichting", "Stg.") and random_.random() < 0.3:
        words = words[1:]
    text = " ".join(words)
    if place in text and place in _OTHER_PLACES and random_.random() < 0.5:
        text = text.replace(place, _OTHER_PLACES[place])
    elif random_.random() < 0.1:
        text = f"{text} {place}"
    for _ in range(random_.choices((0, 1, 2), (60, 30, 10))[0]):
        text = _typing_error(random_, text)
    if random_.random() < 0.15:
        text = random_.choice((text.upper(), text.lower()))
    if random_.random() < 0.3:
        place = _OTHER_PLACES.get(place, place)
    return text, place


def _typing_error(random_: random.Random, text: str) -> str:
    at = random_.randrange(1, len(text) - 1)
    return random_.choice(
        (
            text[:at] + text[at + 1 :],
            text[:at] + random_.choice("aeinrstlgv") + text[at:],
            text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :],
            text[:at] + random_.choice("aeinrstlgv") + text[at + 1 :],
        )
    )


def sides(left: int, right: int, seed: int = 11) -> tuple[list[Record], list[Record], dict[int, int]]:
    """Records of both sides, and for each left row the right row of its partner; one in five has none."""
    random_ = random.Random(seed + 1)
    names = list(organisations(right + left // 5, seed))
    theirs, rest = names[:right], names[right:]
    with_partner = left - len(rest)
    chosen = random_.sample(range(right), with_partner)
    ours = [_otherwise(random_, *theirs[row]) for row in chosen] + rest
    truth = dict(enumerate(chosen))
    return _records("ours", ours), _records("theirs", theirs), truth


def _records(side: str, rows: list[tuple[str, str]]) -> list[Record]:
    return [Record(f"{side}/{at}", (), {"name": (name,), "city": (place,)}) for at, (name, place) in enumerate(rows)]


def measure(left: int = 10_000, right: int = 1_000_000, threads: int = 2, seed: int = 11) -> Scale:
    """Links both sides from their records to decisions, without labels; the making of the names is not counted."""
    from so2graph.link.pipeline import link
    from so2graph.link.tables import records_table

    ours, theirs, truth = sides(left, right, seed)
    tables = [records_table(rows, SPEC) for rows in (ours, theirs)]
    del ours, theirs
    begun, worked = time.perf_counter(), _worked()
    outcome = link(tables[0], tables[1], SPEC, threads=threads)
    total, cpu = time.perf_counter() - begun, _worked() - worked
    pairs = list(zip(outcome.pairs["left"].to_pylist(), outcome.pairs["right"].to_pylist(), strict=True))
    looked = sum(truth.get(mine) == other for mine, other in pairs)
    decisions = outcome.pairs["decision"].to_pylist()
    accepted = [truth.get(a) == b for (a, b), said in zip(pairs, decisions, strict=True) if said == "accept"]
    return Scale(
        left=left,
        right=right,
        threads=threads,
        pairs=len(pairs),
        recall=looked / len(truth),
        accepted=len(accepted),
        precision=sum(accepted) / len(accepted) if accepted else 1.0,
        found=sum(accepted) / len(truth),
        seconds={stage: round(seconds, 3) for stage, seconds in outcome.timings.items()},
        total_seconds=round(total, 3),
        cpu_seconds=round(cpu, 3),
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    )


def _worked() -> float:
    """Seconds that processors worked for this process and those that it started."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


@dataclass(frozen=True)
class LookUp:
    """What it takes to look up batches of names in an index of many: milliseconds, and MB of its files."""

    names: int
    batch: int
    opened_ms: float
    median_ms: float
    p95_ms: float
    files_mb: int


def look_up(names: int = 100_000, batch: int = 50, batches: int = 100, seed: int = 11) -> LookUp:
    """Opens a saved index and asks it for the five likest names of each of a batch, as reconciliation does."""
    from so2graph.link.forms import normal_forms, texts_of
    from so2graph.link.grams import GramIndex

    ours, theirs, _ = sides(batch * 20, names, seed)
    texts = [text for record in theirs for text in texts_of(normal_forms(Kind.NAME, record.values["name"]))]
    asked = [texts_of(normal_forms(Kind.NAME, record.values["name"]))[0] for record in ours]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        GramIndex.build(texts, range(len(texts))).save(place)
        size = sum(path.stat().st_size for path in place.iterdir())
        begun = time.perf_counter()
        index = GramIndex.open(place)
        opened = time.perf_counter() - begun
        times = []
        for number in range(batches + 1):
            start = number * batch % len(asked)
            begun = time.perf_counter()
            index.best(asked[start : start + batch], 5)
            times.append(time.perf_counter() - begun)
    warm = sorted(times[1:])
    return LookUp(
        names=names,
        batch=batch,
        opened_ms=round(1000 * opened, 2),
        median_ms=round(1000 * warm[len(warm) // 2], 2),
        p95_ms=round(1000 * warm[int(0.95 * len(warm))], 2),
        files_mb=size // 1_000_000,
    )


def table(scale: Scale, index: LookUp) -> list[str]:
    """Both as Markdown."""
    stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in scale.seconds.items())
    return [
        f"{scale.left:,} names of Dutch organisations with their places are linked with {scale.right:,}, from "
        f"records to decisions, on {scale.threads} processors. Names are synthetic; four in five of ours are among "
        "theirs, written otherwise: typing errors, abbreviations, other legal forms, other names of places.",
        "",
        "| seconds | of processors | memory | candidates | with the right one | accepted | right | of all partners |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
        f"| {scale.total_seconds:.1f} | {scale.cpu_seconds:.1f} | {scale.peak_mb:,} MB | {scale.pairs:,} "
        f"| {scale.recall:.4f} | {scale.accepted:,} | {scale.precision:.4f} | {scale.found:.4f} |",
        "",
        f"Seconds by stage: {stages}.",
        "",
        f"An index of {index.names:,} names ({index.files_mb} MB) opens in {index.opened_ms:.1f} ms and finds the "
        f"five likest of {index.batch} names in {index.median_ms:.1f} ms (p95 {index.p95_ms:.1f} ms), on one "
        "processor.",
    ]
