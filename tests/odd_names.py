"""A small network whose things have names that break careless pages."""

from __future__ import annotations

from so2graph.vocab import CANONICAL_BASE, Literal

__all__ = ["NAMES", "ODD_DATASET"]

NAMES = {
    "script": "<script>alert('x')</script><img src=x onerror=alert(1)>",
    "quotes": "\"De 'echte' Drentse\" & zonen` \\",
    "rtl": "\u0634\u0631\u0643\u0629 \u0627\u0644\u0634\u0645\u0627\u0644 (NL) 2018",
    "override": "SO\u202egninekre\u202c netwerk",
    "long": "Coöperatieve vereniging " + "heellangwoord" * 20 + " " + "en nog wat " * 20,
    "unbroken": "x" * 500,
    "emoji": "🌱👩‍👩‍👧‍👦 Groen & Co 🇳🇱",
    "empty": "",
    "blank": " \t\u00a0 ",
    "template": "{{ 7 * 7 }} {% raw %} %(name)s",
    "lines": "Eerste\nregel\ttweede",
}
"""The name of each thing by the end of its IRI; `nameless` has none at all."""

_ID = f"{CANONICAL_BASE}id/"
_THINGS = "\n".join(
    f"id:{local} a org:Organization ; rdfs:label {Literal(name, 'nl').n3} ; skos:note {Literal(name, 'nl').n3} ."
    for local, name in NAMES.items()
)
_ENDS = ", ".join(f"id:{local}" for local in (*NAMES, "nameless"))
ODD_DATASET = f"""
@prefix id: <{_ID}> . @prefix so2: <{CANONICAL_BASE}def#> . @prefix org: <http://www.w3.org/ns/org#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix schema: <https://schema.org/> .
<http://example.org/g> {{
{_THINGS}
id:nameless a org:Organization .
id:network a so2:RegionalNetwork ; rdfs:label "Net"@nl ; org:hasMember {_ENDS} .
id:script schema:latitude 53.2 ; schema:longitude 6.5 ; skos:altLabel {Literal(NAMES["script"], "nl").n3} .
}}
"""
"""The dataset in TriG: all of them are members of one network."""
