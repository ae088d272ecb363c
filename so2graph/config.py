"""The one table of settings, which feeds flags, environment, docs and `/-/settings`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from so2graph.errors import BadSetting

__all__ = ["ENV_PREFIX", "REPORT_FIELDS", "SettingRow", "Settings", "setting_rows"]

ENV_PREFIX = "SO2GRAPH_"
REPORT_FIELDS = frozenset(("iri", "page", "name"))
"""What stands in braces in the setting `report_url`."""


def _setting(
    default: object,
    doc: str,
    *,
    low: int | None = None,
    high: int | None = None,
    choices: tuple[str, ...] = (),
    empty: bool = False,
) -> Any:
    return field(
        default=default,
        metadata={"doc": doc, "low": low, "high": high, "choices": choices, "empty": empty},
    )


@dataclass(frozen=True)
class Settings:
    """Every setting with its value. Made by `load`; `replace` from `dataclasses` makes a changed copy."""

    data: Path = _setting(Path("so2graph-data"), "Folder of the generations; made and built when it is empty.")
    host: str = _setting("127.0.0.1", "Address that `serve` listens on.")
    port: int = _setting(7878, "Port that `serve` listens on; 0 takes a free one.", low=0, high=65535)
    base: str = _setting(
        "https://w3id.org/so2graph/",
        "Base of all IRIs of the dataset: `id/…`, `doc/…`, `def#…` and `graph/…` stand below it.",
    )
    public_url: str = _setting(
        "",
        "Address under which the world reaches the service, with its path behind a proxy (https://example.org/so2/); "
        "empty: the address that a request names.",
        empty=True,
    )
    workers: int = _setting(2, "Worker processes of `serve`.", low=1, high=64)
    threads: int = _setting(8, "Requests that one worker handles at a time.", low=1, high=256)
    contact: str = _setting(
        "public",
        "Whether e-mail addresses can be reached: `public` (the contact graph, by its name only) or `private` "
        "(in no answer, export or page, but for tokens that may read them).",
        choices=("public", "private"),
    )
    max_query_bytes: int = _setting(1_000_000, "Longest query taken, in bytes; longer gives 413.", low=1)
    max_query_depth: int = _setting(100, "Deepest nesting of brackets in a query; deeper gives 400.", low=1, high=500)
    max_query_operators: int = _setting(
        250,
        "Most operators in a query (signs such as ! + / |, words such as UNION and FILTER); more gives 400.",
        low=1,
        high=1000,
    )
    max_query_patterns: int = _setting(
        150, "Most triple patterns in a query, counted by . and ; between them; more gives 400.", low=1, high=500
    )
    deadline: int = _setting(
        30, "Longest time that a query may take, in seconds; then it ends with 503.", low=1, high=86_400
    )
    readers: int = _setting(2, "Processes kept ready for queries, for each generation.", low=1, high=64)
    max_readers: int = _setting(
        12, "Queries that may run at a time; one that takes long gives way (503) beyond it.", low=1, high=256
    )
    max_query_megabytes: int = _setting(
        600, "Memory that one query may take beside the dataset, in MB; then it ends with 503.", low=16
    )
    image_megabytes: int = _setting(
        0,
        "Memory for copies of the dataset, in MB: where it does not fit, it is read from disk. 0 is a quarter of the "
        "machine's memory; 1 keeps everything on disk.",
        low=0,
    )
    max_result_bytes: int = _setting(
        1_000_000_000, "Largest answer made, in bytes; a larger one gives 422, or breaks off.", low=1
    )
    max_result_rows: int = _setting(
        10_000_000, "Most rows or triples of an answer; more give 422, or it breaks off.", low=1
    )
    max_stall: int = _setting(
        60, "Seconds that a client may leave an answer unread before it is cut off.", low=1, high=86_400
    )
    cache_megabytes: int = _setting(
        32, "Memory of each worker for answers that are asked again, in MB; 0 keeps none.", low=0
    )
    max_upload_bytes: int = _setting(
        1_000_000_000, "Largest body of a write (Graph Store, update), in bytes; a larger one gives 413.", low=1
    )
    write_deadline: int = _setting(
        300, "Longest time that a write may take, in seconds; then it ends with 503.", low=1, high=86_400
    )
    max_write_megabytes: int = _setting(
        4_000, "Memory that a write may take, in MB; then it ends with 503.", low=1000
    )
    max_writes_waiting: int = _setting(100, "Writes that may wait for their turn; more give 503.", low=1, high=10_000)
    federation: str = _setting(
        "", "Endpoints that queries may reach by SERVICE, separated by spaces; none, unless given.", empty=True
    )
    federation_timeout: int = _setting(
        20, "Seconds that such an endpoint has to answer, retries included.", low=1, high=3600
    )
    federation_retries: int = _setting(
        2, "How often an endpoint that is busy (429, 502, 503, 504) is asked again.", low=0, high=10
    )
    federation_max_bytes: int = _setting(20_000_000, "Largest answer taken from such an endpoint, in bytes.", low=1)
    federation_cache_seconds: int = _setting(
        300, "Seconds for which the answer of such an endpoint is used again; 0 asks every time.", low=0
    )
    federation_private: str = _setting(
        "no",
        "Whether such an endpoint may have a private or loopback address; for tests, since it opens what is behind "
        "the firewall.",
        choices=("no", "yes"),
    )
    sign_in_minutes: int = _setting(
        240,
        "Minutes for which a browser stays signed in for judging links (`/links/review`).",
        low=1,
        high=1440,
    )
    link_timeout: int = _setting(
        120,
        "Seconds that a target of linking has for one answer, retries included, or for the next piece of a file.",
        low=1,
        high=3600,
    )
    link_retries: int = _setting(
        4, "How often a target that is busy, or that breaks off, is asked again for the same.", low=0, high=100
    )
    link_pause_milliseconds: int = _setting(
        500, "Time between two questions to a target, in milliseconds.", low=0, high=60_000
    )
    link_max_bytes: int = _setting(4_000_000_000, "Largest snapshot taken of a target, in bytes.", low=1)
    link_stale_days: int = _setting(
        180, "Days after which a snapshot of a target counts as stale.", low=1, high=36_500
    )
    link_far_kilometres: int = _setting(
        50, "Distance of two linked things from which their link is doubted.", low=1, high=20_000
    )
    link_alive_days: int = _setting(
        7, "Days for which what an address answered is taken as it was, when targets are asked.", low=0, high=3650
    )
    link_private: str = _setting(
        "no",
        "Whether a target may have a private or loopback address: a service of one's own, or a test.",
        choices=("no", "yes"),
    )
    log_requests: str = _setting(
        "yes", "Whether each request is a line of JSON in the log (standard error).", choices=("no", "yes")
    )
    log_queries: str = _setting(
        "no", "Whether the log has the text of queries (`yes`), or a digest of it (`no`).", choices=("no", "yes")
    )
    max_page_rows: int = _setting(
        1_000, "Most rows that a web page shows of an answer; downloads hold them all.", low=1
    )
    max_page_size: int = _setting(10_000, "Most rows that `limit=` may ask of a stored query; more gives 400.", low=1)
    max_merge_triples: int = _setting(
        2_000_000,
        "Most triples that `FROM` with several graphs may merge for one query; more gives 422.",
        low=1,
    )
    exports: str = _setting(
        "", "Folder of the export files that the service makes; empty: `exports` in the data folder.", empty=True
    )
    export_patience: int = _setting(
        20,
        "Seconds that a request waits for an export file in the making; then it is told to come back (503).",
        low=0,
        high=3600,
    )
    export_deadline: int = _setting(
        900, "Longest time that making an export file may take, in seconds.", low=1, high=86_400
    )
    max_export_megabytes: int = _setting(
        4_000, "Memory that making an export file may take, in MB; then it ends with 503.", low=300
    )
    max_exports: int = _setting(1, "Export files that one worker makes at a time; more give 503.", low=1, high=64)
    max_frame_triples: int = _setting(
        50_000, "Most triples that are put into one nested JSON-LD document (framing); more give 422.", low=1
    )
    max_description_triples: int = _setting(
        5_000,
        "Most triples in the description of one thing (`/doc`); a longer one is cut, says so, and says where all is.",
        low=10,
        high=1_000_000,
    )
    max_counted_triples: int = _setting(
        10_000_000,
        "Most triples of a graph or merge whose subjects, objects and partitions are counted for VoID, and whose "
        "things are listed in the sitemap; of more only the size is told.",
        low=0,
    )
    max_profile_rows: int = _setting(
        25,
        "Most things that the page about one thing names under a relation; of more it tells how many there are.",
        low=1,
        high=1_000,
    )
    max_profile_statements: int = _setting(
        50_000,
        "Statements about one thing, in each direction, up to which its page counts them; beyond, it says at least.",
        low=100,
        high=10_000_000,
    )
    max_picture_things: int = _setting(
        30, "Most things in the drawing of what stands around a thing.", low=2, high=60
    )
    report_url: str = _setting(
        "",
        "Where a mistake on a page is reported: an https or mailto address, in which {iri} stands for the thing, "
        "{page} for the address of its page and {name} for its name, each escaped; empty: the contact page of the "
        "catalogue.",
        empty=True,
    )
    search_labels: int = _setting(
        1_000_000,
        "Most names in the search index; things beyond it are neither found nor listed, and the pages say so.",
        low=1,
    )
    max_search_characters: int = _setting(
        1_000, "Longest text that may be searched for, in characters; a longer one gives 400.", low=1
    )
    max_reconcile_queries: int = _setting(
        200,
        "Most queries in one batch of the reconciliation service, which its manifest tells (`batchSize`); more give "
        "413.",
        low=1,
        high=10_000,
    )
    max_reconcile_characters: int = _setting(
        1_000,
        "Longest name, value or id in a query of the reconciliation service, in characters; a query with a longer "
        "one is not answered.",
        low=10,
    )
    max_reconcile_candidates: int = _setting(
        50,
        "Most candidates for one query of the reconciliation service; who asks for more gets these.",
        low=1,
        high=500,
    )
    reconcile_deadline: int = _setting(
        10,
        "Longest time that a batch of the reconciliation service may take, in seconds; then it ends with 503.",
        low=1,
    )
    max_extension_cells: int = _setting(
        20_000, "Most cells (things times properties) of one data extension; more give 413.", low=1
    )
    max_extension_values: int = _setting(
        100, "Most values in one cell of a data extension; of more the first.", low=1, high=10_000
    )
    facet_milliseconds: int = _setting(
        300,
        "Time for counting how many things have each value of a facet; what is not counted by then is a lower bound.",
        low=0,
        high=60_000,
    )
    max_drawn_nodes: int = _setting(
        300,
        "Most things that the server draws of the network (`/network` without JavaScript, `/network.svg`); of more "
        "those with most links, and it says so.",
        low=1,
        high=5_000,
    )
    max_analysed_links: int = _setting(
        200_000,
        "Most links of a network for which the service works out what holds it together; more give 422.",
        low=0,
    )
    check_deadline: int = _setting(
        3, "Longest time that reading a query for its errors (`/sparql/check`) may take, in seconds.", low=1, high=60
    )
    explain_deadline: int = _setting(
        5,
        "Longest time for finding out why a query has no answer (`/sparql/explain`), in seconds; then it tells what "
        "it knows by then.",
        low=1,
        high=300,
    )
    max_vocabulary_things: int = _setting(
        2_000,
        "Most things that `/vocabulary.json` lists for completion; of more, an editor looks up names as they are "
        "typed.",
        low=0,
        high=100_000,
    )
    max_path_steps: int = _setting(8, "Most steps that `path` follows.", low=1, high=20)
    keep_generations: int = _setting(20, "Generations kept; the oldest beyond that are removed.", low=1)

    @classmethod
    def load(cls, environ: Mapping[str, str], overrides: Mapping[str, object] | None = None) -> Settings:
        """Settings from the environment (`SO2GRAPH_<NAME>`), with `overrides` (flags; None is not given) on top.

        Raises `BadSetting` for a value that the setting does not allow.
        """
        values: dict[str, Any] = {}
        for row in fields(cls):
            given: object = (overrides or {}).get(row.name)
            source = f"--{row.name.replace('_', '-')}"
            if given is None:
                source = ENV_PREFIX + row.name.upper()
                given = environ.get(source)
            if given is not None:
                values[row.name] = _parse(row, given, source)
        return replace(cls(), **values)

    def environment(self) -> dict[str, str]:
        """The same settings as environment variables, for a child process."""
        return {ENV_PREFIX + row.name.upper(): str(getattr(self, row.name)) for row in fields(self)}


def _parse(row: Field[Any], given: object, source: str) -> object:
    kind = type(row.default)
    text = str(given).strip()
    if not text and not row.metadata["empty"]:
        raise BadSetting(f"{source} is empty", mend="Give it a value, or leave it out.")
    if kind is int:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
            raise BadSetting(f"{source}={text!r} is not a whole number", mend="Give digits only.")
        number = int(text)
        low, high = row.metadata["low"], row.metadata["high"]
        if (low is not None and number < low) or (high is not None and number > high):
            upper = "" if high is None else f" and at most {high}"
            raise BadSetting(f"{source}={number} is out of range", mend=f"Give at least {low}{upper}.")
        return number
    if kind is not str:
        return Path(text)
    choices = row.metadata["choices"]
    if choices and text not in choices:
        raise BadSetting(f"{source}={text!r} is not one of the values", mend=f"Give one of: {', '.join(choices)}.")
    if row.name == "base" or (row.name == "public_url" and text):
        _check_base(text, source)
    if row.name == "report_url" and text:
        _check_report(text, source)
    if row.name == "federation":
        for endpoint in text.split():
            _check_http(endpoint, source)
    return text


def _check_http(text: str, source: str) -> None:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or any(c in text for c in '<>"{}|\\^`'):
        raise BadSetting(f"{source}: {text!r} is not the address of an endpoint", mend="Give http(s) addresses.")


def _check_report(text: str, source: str) -> None:
    fields_of = set(re.findall(r"\{([^{}]*)\}", text))
    bare = re.sub(r"\{(?:iri|page|name)\}", "", text)
    if not re.match(r"(?:https?://[^/]|mailto:[^?{}])", text) or any(c <= " " or c in '<>"{}|\\^`\x7f' for c in bare):
        raise BadSetting(
            f"{source}={text!r} is not an address to report to"
            + (f": {{{min(strangers)}}} stands for nothing" if (strangers := fields_of - REPORT_FIELDS) else ""),
            mend="Give an https or mailto address, with {iri}, {page} and {name} where they belong.",
        )


def _check_base(text: str, source: str) -> None:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc or not text.endswith("/") or parts.query:
        raise BadSetting(
            f"{source}={text!r} is not a base for addresses",
            mend="Give an absolute http(s) address that ends with a slash.",
        )
    if any(c <= " " or c in '<>"{}|\\^`\x7f' for c in text):
        raise BadSetting(f"{source}={text!r} has a character that an IRI cannot have", mend="Leave it out.")


@dataclass(frozen=True)
class SettingRow:
    """One row of the table: name, environment variable, default, value and what it does."""

    name: str
    variable: str
    default: str
    value: str
    doc: str


def setting_rows(settings: Settings) -> tuple[SettingRow, ...]:
    """The table of settings with the values in force, in the order of the class."""
    return tuple(
        SettingRow(
            name=row.name,
            variable=ENV_PREFIX + row.name.upper(),
            default=str(row.default),
            value=str(getattr(settings, row.name)),
            doc=str(row.metadata["doc"]),
        )
        for row in fields(settings)
    )
