"""Takes what a reconciliation service offers for the names of our records: a file of records."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from so2graph.config import Settings
from so2graph.engine.generations import storage_errors
from so2graph.engine.opener import web_address
from so2graph.errors import DataInvalid
from so2graph.link.reconcile_cache import open_cache
from so2graph.link.reconcile_client import Service
from so2graph.link.reconcile_http import Web
from so2graph.link.reconcile_question import Answer, Question
from so2graph.link.reconcile_rows import matched_rows
from so2graph.link.spec import Kind
from so2graph.link.tables import record_at
from so2graph.link.target import Target, expand

__all__ = ["ask_service"]

Tell = Callable[[int, int], None]


def ask_service(
    target: Target, ours: pa.Table, part: Path, settings: Settings, tell: Tell, address: str = ""
) -> None:
    """Writes what a service (0.1, 0.2, draft of 1.0) offers for the names of our records, a record a line.

    Raises `EndpointFailed` and `DataInvalid`; the answers until then are kept beside `part`, so that no name is asked
    twice.
    """
    web = Web(
        timeout=settings.link_timeout,
        pause=settings.link_pause_milliseconds / 1000,
        most_bytes=settings.link_max_bytes,
        private=settings.link_private == "yes",
        mend="The setting link_private allows such addresses.",
    )
    url = web_address(address or target.access.url)
    service = Service(web, url, tries=settings.link_retries + 1, longest=settings.link_timeout)
    asked = [Question(name, target.access.type, limit=target.spec.top) for name in _names(target, ours)]
    kept = part.with_name(f"{part.name}.answers.sqlite")
    with storage_errors(part.parent):
        with open_cache(kept, service.identity) as cache:
            answers = matched_rows(asked, service, cache, lambda _text, done, total: tell(done, total))
        found = _records(target, {each: answers[each] for each in asked}, service)
        lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in found]
        part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        kept.unlink()


def _names(target: Target, ours: pa.Table) -> Iterable[str]:
    """The first two names of each of our records, each once."""
    fields = target.spec.of_kind(Kind.NAME, Kind.TEXT)
    found: dict[str, None] = {}
    for row in range(ours.num_rows):
        values = record_at(ours, row).values
        for name in next((values[each.name] for each in fields if values.get(each.name)), ())[:2]:
            found[name] = None
    return found


def _records(target: Target, answers: Mapping[Question, Answer], service: Service) -> Iterator[dict[str, object]]:
    """The candidates as records, each once, in the order of their IRIs."""
    field = target.spec.of_kind(Kind.NAME, Kind.TEXT)[0].name
    seen: dict[str, dict[str, object]] = {}
    for question, answer in answers.items():
        if answer.refused:
            raise DataInvalid(
                f"{service.url} gave no answer for {question.name!r}: {answer.refused}",
                mend=f"'so2graph reconcile check {service.url}' tells more.",
            )
        for each in answer.candidates:
            iri = _iri(target, service, each.id)
            types = [expand(kind, target.prefixes) for kind in each.kinds]
            seen.setdefault(iri, {"id": iri, "types": types, "values": {field: [each.name]}})
    yield from (seen[iri] for iri in sorted(seen))


def _iri(target: Target, service: Service, identifier: str) -> str:
    """The IRI of a candidate; raises `DataInvalid` where nothing says it."""
    if "://" in identifier:
        return identifier
    iri = target.things.replace("{id}", identifier) if target.things else service.iri(identifier)
    if "://" not in iri:
        raise DataInvalid(
            f"{service.url} does not say which IRI {identifier!r} stands for",
            mend="Write 'things' in the file of the target: the form of its IRIs, with {id}.",
        )
    return iri
