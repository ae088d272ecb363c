"""Asks what `/openapi.json` allows and forbids, and says where document and service differ.

`python -m tests.fuzz_openapi` does it to a running service on a folder of its own, with a token and without one;
`--examples` is the number of random cases for each operation, `--seed` repeats a run.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, from_schema
from schemathesis.engine.events import FuzzScenarioFinished, NonFatalError, ScenarioFinished

from so2graph.config import Settings
from so2graph.engine.tokens import Tokens
from so2graph.formats import GRAPH_FORMATS
from so2graph.publish.build import build
from so2graph.registry import Bundle
from so2graph.web.protocol import QUERY, UPDATE
from tests.test_service import serving

__all__ = ["Report", "config", "fuzz"]

UNEXPECTED = ("DELETE", "GET", "PATCH", "POST", "PUT", "TRACE")
"""Methods that are tried where the document has none; `/sparql` takes QUERY, which OpenAPI 3.1 cannot say."""

_ACCEPTED = ["2xx", "3xx", 401, 403, 404, 409, "5xx"]
"""What data of the right shape may get."""


@dataclass
class Report:
    """How many cases were sent, by phase; the answers by status; and each thing that differs, once."""

    cases: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.cases.values())

    def lines(self) -> Iterator[str]:
        """The report for a person."""
        yield f"{self.total} cases: {', '.join(f'{n} {phase}' for phase, n in sorted(self.cases.items()))}"
        yield f"statuses: {', '.join(f'{status} {n}' for status, n in sorted(self.statuses.items()))}"
        yield f"{len(self.failures)} differences"
        for where, what in sorted(self.failures.items()):
            yield f"--- {where}\n{what}"


def config(examples: int, seed: int, token: str = "", only: str = "^/") -> SchemathesisConfig:
    """The same cases for the same seed: each operation gets those its schema names, and `examples` random ones.

    `only` is a pattern for the paths that are asked.

    Whether valid data is taken is not asked of SPARQL and RDF, where a text may fit the schema and not the grammar.
    """
    off = {"enabled": False}
    plain: dict[str, object] = {
        "seed": seed,
        "generation": {"deterministic": True, "max-examples": examples, "database": "none", "no-shrink": True},
        "phases": {
            "coverage": {
                "generate-duplicate-query-parameters": True,
                "unexpected-methods": sorted(UNEXPECTED),
            },
            "stateful": {"enabled": False},
        },
        "operations": [
            {"exclude-path-regex": only, "enabled": False},
            {
                "include-path": "/sparql",
                "checks": {
                    "allow_header_conformance": off,
                    "positive_data_acceptance": off,
                    # Who would wait for no time gets a 503.
                    "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", "503"]},
                },
            },
            {
                "include-path-regex": "^/(?:graph-store|sparql/|reconcile$)",
                "checks": {"positive_data_acceptance": off},
            },
            # Not every profile comes in every format; a file is not of every length and of every generation; a
            # question may lack a part.
            *(
                {
                    "include-path-regex": path,
                    "checks": {"positive_data_acceptance": {"expected-statuses": [*_ACCEPTED, *more]}},
                }
                for path, more in (("^/(?:doc|catalog)", [406]), ("^/exports/", [412, 416]), ("^/ask", [400, 406]))
            ),
            # Whatever is sent as RDF is a text on the wire: a body of another type is none.
            {
                "include-path-regex": "^/graph-store",
                "include-method": ["PUT", "POST"],
                "checks": {"positive_data_acceptance": off, "negative_data_rejection": off},
            },
        ],
        "warnings": False,
        "continue-on-failure": True,
    }
    if token:
        plain["headers"] = {"Authorization": f"Bearer {token}"}
    return SchemathesisConfig.from_dict(plain)


def _as_text() -> None:
    """Bodies of these types are sent as the text that they are."""
    types = {fmt.media_type for fmt in GRAPH_FORMATS} | {QUERY, UPDATE}
    schemathesis.serializer.alias(sorted(types - {"application/ld+json"}), "text/plain")


_as_text()


def fuzz(schema: schemathesis.schemas.BaseSchema) -> Report:
    """Sends every case, and notes what differs; raises `RuntimeError` when that cannot be done."""
    report = Report()
    for event in from_schema(schema).execute():
        if isinstance(event, NonFatalError):
            report.failures[f"{event.label}: {type(event.value).__name__}"] = str(event.value)
        if not isinstance(event, ScenarioFinished | FuzzScenarioFinished):
            continue
        phase = event.phase.value if isinstance(event, ScenarioFinished) else "fuzzing"
        report.cases[str(phase)] += len(event.recorder.interactions)
        for ident, interaction in event.recorder.interactions.items():
            if interaction.response is not None:
                report.statuses[interaction.response.status_code] += 1
            for check in event.recorder.checks.get(ident, ()):
                if check.status is Status.FAILURE and check.failure_info is not None:
                    failure = check.failure_info.failure
                    where = f"{event.recorder.label}: {check.name}"
                    report.failures.setdefault(
                        where, f"{failure.title}: {failure.message}\n{check.failure_info.code_sample}"
                    )
    return report


@click.command()
@click.option("--examples", default=20, show_default=True, help="Random cases for each operation.")
@click.option("--seed", default=1, show_default=True, help="Repeats a run.")
@click.option("--only", default="^/", help="A pattern for the paths to ask.")
@click.option("--least", default=2000, show_default=True, help="Cases that the runs must have together.")
def main(examples: int, seed: int, only: str, least: int) -> None:
    """Compares a running service with its OpenAPI document."""
    reports = []
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.load({}, {"data": Path(folder) / "data", "log_requests": "no"})
        build(Bundle.find(settings.base), settings)
        with serving(settings.environment()) as running:
            secret = Tokens(settings.data).add("fuzz", "editor")
            for name, token in (("without a token", ""), ("with a token", secret)):
                made = config(examples, seed, token, only)
                schema = schemathesis.openapi.from_url(f"{running.url}openapi.json", config=made)
                report = fuzz(schema)
                reports.append(report)
                click.echo("\n".join([f"# {name}", *report.lines()]))
    total = sum(report.total for report in reports)
    if total < least or any(report.failures for report in reports):
        click.echo(f"{total} cases, of at least {least}")
        sys.exit(1)


if __name__ == "__main__":
    main()
