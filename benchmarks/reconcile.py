"""Measures how long the reconciliation service takes for a batch of names; run by itself or by `make bench`.

`python -m benchmarks.reconcile` makes organisations with Dutch names, all of them invented, serves them, and asks for
names that were written by hand as hands write: another legal form, an ampersand, a letter wrong, words swapped.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.client import Failed, Request, fetch, put_file
from benchmarks.processes import weighed
from benchmarks.systems import OURS, So2graph, make

__all__ = ["FAILURES", "Batches", "measure", "table"]

NAMES, BATCHES, BATCH = 100_000, 100, 50
FAILURES = (Failed, OSError, RuntimeError)
"""What may go wrong with a service, and does not end a run."""
_CAP = 600.0
_SEED = 7
_BASE = "https://example.org/synthetic/name/"
_ORGANISATION = "http://www.w3.org/ns/org#Organization"
_FORMS = ("Stichting", "Vereniging", "Coöperatie", "Stichting", "")
_ENDS = ("B.V.", "U.A.", "V.O.F.", "", "", "", "")
_PARTS = """
Groen Zonne Water Wad Veen Hei Dorps Buurt Stads Sociaal Noorder Zuider Ooster Wester Nieuwe Oude Jonge Goede
Eerste Samen Kring Werk Zorg Leer Speel Tuin Bakkers Molen Turf Klei Zand Terp Dijk Sluis Brug Haven Markt
Kerk Toren Hof

werk zorg hulp plein huis hof tuin kracht stroom bron wijzer maker bouwer dragers makers kring fabriek loods
schuur winkel atelier kas akker weide kade wal poort steen pad weg spoor veld land wijk gilde bond punt lab

Assen Groningen Emmen Hoogeveen Meppel Leeuwarden Drachten Sneek Heerenveen Stadskanaal Veendam Winschoten
Delfzijl Roden Leek Haren Zuidlaren Gieten Borger Coevorden Beilen Rolde Vries Eelde Norg Ameland Dokkum
Franeker Bolsward

voor & van en bij in rond over met

Inclusie Duurzaamheid Ondernemers Jongeren Ouderen Kunst Techniek Energie Voedsel Kringloop Participatie
"""
_FIRST, _SECOND, _PLACES, _LINKS, _THEMES = (part.split() for part in _PARTS.split("\n\n"))
"""What names are made of."""


@dataclass(frozen=True)
class Batches:
    """One row: what was asked, against how many names, and milliseconds of the usual and of one batch of twenty."""

    what: str
    names: int
    batch: int
    batches: int
    usual: float
    slow: float
    first: float
    """Seconds until the index was there, for the first who asked."""
    right: float
    """The share of names whose organisation came first."""
    megabytes: float
    """What all processes of the service weigh together, at most."""


def _name(draw: random.Random) -> str:
    core = draw.choice(_FIRST) + draw.choice(_SECOND)
    more = f" {draw.choice(_LINKS)} {draw.choice(_THEMES)}" if draw.random() < 0.6 else ""
    place = f" {draw.choice(_PLACES)}" if draw.random() < 0.5 else ""
    number = f" {draw.randint(1, 99)}" if draw.random() < 0.2 else ""
    return " ".join(f"{draw.choice(_FORMS)} {core}{more}{place}{number} {draw.choice(_ENDS)}".split())


def names(count: int, seed: int = _SEED) -> list[str]:
    """So many different invented names of organisations."""
    draw = random.Random(seed)  # invented names
    found = dict[str, None]()
    while len(found) < count:
        found.setdefault(_name(draw))
    return list(found)


def _spelled(draw: random.Random, name: str) -> str:
    """The name as somebody else writes it."""
    words = name.split()
    kind = draw.randrange(5)
    if kind == 0 and words[0] in _FORMS:
        return " ".join(words[1:])
    if kind == 1:
        return name.replace("&", "en").replace(" en ", " & ").lower()
    if kind == 2 and len(name) > 8:
        at = draw.randrange(4, len(name) - 1)
        return name[:at] + name[at + 1 :]
    if kind == 3 and len(words) > 2:
        return " ".join([*words[1:], words[0]])
    return name


def _lines(texts: Sequence[str]) -> Iterator[str]:
    label, kind = "http://www.w3.org/2000/01/rdf-schema#label", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
    for number, text in enumerate(texts):
        yield f"<{_BASE}{number}> <{kind}> <{_ORGANISATION}> .\n"
        yield f'<{_BASE}{number}> <{label}> "{text}"@nl .\n'


def _loaded(ours: So2graph, folder: Path, texts: Sequence[str]) -> None:
    ours.new_store(folder)
    ours.start()
    made = [sys.executable, "-m", "so2graph", "token", "add", "bench", "--role", "admin", "--data", str(ours.store)]
    token = subprocess.run(made, env=ours.environment(), check=True, capture_output=True, text=True).stdout.strip()
    file = folder / "names.nt"
    with file.open("w", encoding="utf-8") as out:
        out.writelines(_lines(texts))
    headers = {"Content-Type": "application/n-triples", "Authorization": f"Bearer {token}"}
    put_file(ours.port, "/graph-store?graph=https%3A%2F%2Fexample.org%2Fsynthetic%2Fnames", file, headers, _CAP)


def _ready(port: int) -> float:
    """Seconds until the index is made."""
    began = time.monotonic()
    while True:
        try:
            fetch(port, Request("/reconcile/suggest/type?prefix=", method="GET"), _CAP)
        except Failed:
            if time.monotonic() - began > _CAP:
                raise
            time.sleep(0.5)
        else:
            return time.monotonic() - began


def _asked(queries: Sequence[dict[str, object]]) -> Request:
    form = urlencode({"queries": json.dumps({f"q{n}": query for n, query in enumerate(queries)})})
    return Request("/reconcile", form.encode(), headers={"Content-Type": "application/x-www-form-urlencoded"})


def measure(folder: Path, count: int = NAMES, batches: int = BATCHES, size: int = BATCH) -> list[Batches]:
    """Asks so many batches, of names alone and of names with a type, none of them twice; and weighs the service."""
    folder.mkdir(parents=True, exist_ok=True)
    ours = make(OURS, folder / "system", _CAP, {})
    if not isinstance(ours, So2graph):
        raise TypeError("so2graph is measured by itself")
    texts, found, peaks = names(count), [], dict[str, int]()
    try:
        _loaded(ours, folder, texts)
        first = _ready(ours.port)
        draw = random.Random(_SEED + 1)  # invented questions
        with weighed(ours.running(), peaks, OURS):
            for what, more in (("names", {}), ("names with a type", {"type": "org:Organization", "limit": 5})):
                _batch(ours.port, draw, texts, size, more)  # each worker opens the index once
                _batch(ours.port, draw, texts, size, more)
                rows = [_batch(ours.port, draw, texts, size, more) for _ in range(batches)]
                times = sorted(seconds for seconds, _ in rows)
                right = sum(hits for _, hits in rows) / (batches * size)
                usual, slow = times[len(times) // 2], times[int(len(times) * 0.95)]
                found.append((what, usual, slow, right))
    finally:
        ours.stop()
    weight = peaks.get(OURS, 0) / 1e6
    return [
        Batches(
            what, count, size, batches, round(u * 1e3, 1), round(s * 1e3, 1), round(first, 1), round(r, 3), weight
        )
        for what, u, s, r in found
    ]


def _batch(
    port: int, draw: random.Random, texts: Sequence[str], size: int, more: dict[str, object]
) -> tuple[float, int]:
    """Seconds for one batch, and how many names found their organisation first."""
    wanted = [draw.randrange(len(texts)) for _ in range(size)]
    answer = fetch(port, _asked([{"query": _spelled(draw, texts[n]), **more} for n in wanted]), _CAP)
    rows = json.loads(answer.body)
    ends = (rows[f"q{n}"]["result"][:1] for n in range(size))
    hits = sum(bool(end) and end[0]["id"].endswith(f"~2f{n}") for end, n in zip(ends, wanted, strict=True))
    return answer.seconds, hits


def table(rows: Sequence[Batches]) -> list[str]:
    """The rows as a table in Markdown, with what they mean."""
    if not rows:
        return ["Batches of names were not measured."]
    head = (
        f"Batches of {rows[0].batch} names over HTTP against {rows[0].names:,} invented ones, spelled in other ways, "
        f"no batch twice. The index was there {rows[0].first:g} s after the first request; the service weighs "
        f"{rows[0].megabytes:,.0f} MB in all."
    )
    lines = [
        "| what is asked | batches | median ms | 95 % below, ms | right one first |",
        "|---|---:|---:|---:|---:|",
    ]
    lines += [f"| {r.what} | {r.batches} | {r.usual:g} | {r.slow:g} | {r.right:.1%} |" for r in rows]
    return [head, "", *lines]


def main() -> None:
    """Measures, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", type=int, default=NAMES)
    parser.add_argument("--batches", type=int, default=BATCHES)
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder), given.names, given.batches)
    print("\n".join(json.dumps(asdict(row)) for row in rows) if given.json else "\n".join(table(rows)))


if __name__ == "__main__":
    main()
