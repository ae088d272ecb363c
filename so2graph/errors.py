"""The one tree of errors: each leaf is a cause, with its HTTP status and the exit code of a command."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

__all__ = [
    "EXIT_CODES",
    "AlreadyJudged",
    "BadParameter",
    "BadRequest",
    "BadSetting",
    "BodySyntax",
    "Busy",
    "CheckFailed",
    "DataInvalid",
    "DataSyntax",
    "DatasetLocked",
    "DatasetReadOnly",
    "DatasetUnreadable",
    "DiskFull",
    "EndpointFailed",
    "EngineFault",
    "Fault",
    "Forbidden",
    "MethodNotAllowed",
    "NoGeneration",
    "NotAcceptable",
    "NotFound",
    "PolicyRefused",
    "PortInUse",
    "PreconditionFailed",
    "QueryMemory",
    "QueryStopped",
    "QuerySyntax",
    "QueryTimeout",
    "QueryTooComplex",
    "QueryTooLarge",
    "RangeRefused",
    "ResultTooLarge",
    "SiteBroken",
    "So2Error",
    "Unauthorized",
    "UnknownEntity",
    "UnknownGraph",
    "UnknownQuery",
    "Unsupported",
    "UnsupportedMedia",
    "UploadTooLarge",
    "leaves",
]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in the data: where it is, what it is, and how to mend it."""

    check: str
    where: str
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what} [{self.check}]\n    mend: {self.mend}"


class So2Error(Exception):
    """Root of the tree. `str()` of an error is what went wrong and where; `mend` says what to do.

    `slug` names the problem type (RFC 9457 `type`), `status` is the HTTP status and `exit_code` the exit code of
    a command that ends with it. `members` are extension members of the problem document.
    """

    slug: ClassVar[str] = "error"
    title: ClassVar[str] = "Something went wrong"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, mend: str = "", **members: object) -> None:
        super().__init__(what)
        self.mend = mend
        self.members = members

    def __str__(self) -> str:
        return str(self.args[0])


class BadRequest(So2Error):
    """The request cannot be understood."""

    slug, title, status, exit_code = "bad-request", "Bad request", 400, 2


class QuerySyntax(BadRequest):
    """The query is not SPARQL 1.1; members `line` and `column` say where (both count from 1)."""

    slug, title, exit_code = "query-syntax", "Syntax error in the query", 3


class BodySyntax(BadRequest):
    """The body of a write is not RDF of its type; members `line` and `column` say where."""

    slug, title, exit_code = "body-syntax", "Syntax error in the body", 3


class BadParameter(BadRequest):
    """A parameter is missing, unknown, or has a value that its type does not allow."""

    slug, title = "bad-parameter", "Bad parameter"


class BadSetting(So2Error):
    """A setting has a value that it does not allow."""

    slug, title, status, exit_code = "bad-setting", "Bad setting", 500, 2


class Unsupported(BadRequest):
    """The query or format asks for something that is valid, and that this service does not have."""

    slug, title = "not-supported", "Not supported here"


class QueryTooComplex(BadRequest):
    """The query nests or repeats more than a limit allows; member `limit` says which."""

    slug, title, exit_code = "query-too-complex", "The query is too complex", 9


class PolicyRefused(So2Error):
    """The request is understood, and not allowed."""

    slug, title, status, exit_code = "refused", "Refused by policy", 403, 8


class Unauthorized(So2Error):
    """The request needs a token, and has none that is known here."""

    slug, title, status, exit_code = "unauthorized", "A token is needed", 401, 8


class Forbidden(So2Error):
    """The token is known, and does not allow this."""

    slug, title, status, exit_code = "forbidden", "Not allowed with this token", 403, 8


class NotFound(So2Error):
    """There is nothing by that name; member `near` lists what comes close."""

    slug, title, status, exit_code = "not-found", "Not found", 404, 4


class UnknownEntity(NotFound):
    """No thing in the graph has that name."""

    slug, title = "unknown-entity", "Unknown entity"


class UnknownQuery(NotFound):
    """No stored query has that name."""

    slug, title = "unknown-query", "Unknown stored query"


class UnknownGraph(NotFound):
    """A query names a graph that is not there, or that its caller may not read."""

    slug, title, status = "unknown-graph", "Unknown graph", 400


class MethodNotAllowed(So2Error):
    """The resource does not take that method; member `allow` lists those it takes."""

    slug, title, status, exit_code = "method-not-allowed", "Method not allowed", 405, 2


class NotAcceptable(So2Error):
    """None of the formats asked for can be made; member `available` lists those that can."""

    slug, title, status, exit_code = "not-acceptable", "No such format", 406, 2


class QueryTooLarge(So2Error):
    """The query is longer than the limit."""

    slug, title, status, exit_code = "query-too-large", "The query is too long", 413, 9


class UploadTooLarge(So2Error):
    """The body of a write is larger than the limit."""

    slug, title, status, exit_code = "upload-too-large", "The body is too large", 413, 9


class PreconditionFailed(So2Error):
    """What the request says about the present state (`If-Match`, `If-None-Match`) does not hold; nothing was done."""

    slug, title, status, exit_code = "precondition-failed", "The precondition does not hold", 412, 3


class AlreadyJudged(So2Error):
    """What is asked goes against a judgement about a link that stands; member `record` names its mapping."""

    slug, title, status, exit_code = "already-judged", "Judged already", 409, 3


class RangeRefused(So2Error):
    """The part of a file that is asked for is not in it; member `size` is the length of the file in bytes."""

    slug, title, status, exit_code = "range-not-satisfiable", "No such part", 416, 2


class UnsupportedMedia(So2Error):
    """The body of the request is of a type that is not read here."""

    slug, title, status, exit_code = "unsupported-media-type", "Unsupported media type", 415, 2


class ResultTooLarge(So2Error):
    """The answer is larger than the limit."""

    slug, title, status, exit_code = "result-too-large", "The answer is too large", 422, 9


class DataInvalid(So2Error):
    """The data is not fit to be published."""

    slug, title, status, exit_code = "data-invalid", "Invalid data", 422, 3


class DataSyntax(DataInvalid):
    """A data file cannot be parsed; members `file`, `line` and `column` say where."""

    slug, title = "data-syntax", "Syntax error in a data file"


class CheckFailed(DataInvalid):
    """The staged dataset fails its checks; `faults` says what, where, and how to mend it."""

    slug, title = "check-failed", "The dataset fails its checks"

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        lines = "\n".join(str(fault) for fault in faults)
        super().__init__(
            f"{len(faults)} fault{'' if len(faults) == 1 else 's'} found; nothing was changed.\n{lines}",
            mend="Mend the files named above and build again.",
        )
        self.faults = faults


class SiteBroken(DataInvalid):
    """A site of plain files has links without a target, or shows what it may not."""

    slug, title = "site-broken", "The plain files are not a whole site"


class DatasetLocked(So2Error):
    """Another process is writing; member `holder` says which."""

    slug, title, status, exit_code = "dataset-locked", "Somebody else is writing", 503, 5


class DatasetReadOnly(So2Error):
    """The data folder cannot be written."""

    slug, title, status, exit_code = "dataset-read-only", "The data folder cannot be written", 500, 6


class DiskFull(So2Error):
    """There is no room left for a new generation."""

    slug, title, status, exit_code = "disk-full", "The disk is full", 507, 6


class DatasetUnreadable(So2Error):
    """A generation is there, but cannot be opened."""

    slug, title, status, exit_code = "dataset-unreadable", "The dataset cannot be read", 500, 6


class NoGeneration(So2Error):
    """The data folder holds no generation yet."""

    slug, title, status, exit_code = "no-generation", "Nothing has been built yet", 503, 4


class PortInUse(So2Error):
    """The port is taken by another program."""

    slug, title, status, exit_code = "port-in-use", "The port is in use", 500, 7


class Busy(So2Error):
    """As many queries run as the service runs at a time."""

    slug, title, status, exit_code = "busy", "The service is busy", 503, 1


class QueryTimeout(So2Error):
    """The query took longer than its deadline; members `limit` and `elapsed` are seconds."""

    slug, title, status, exit_code = "query-timeout", "The query took too long", 503, 9


class QueryMemory(So2Error):
    """The query needed more memory than one may have; member `limit` is in bytes, `elapsed` in seconds."""

    slug, title, status, exit_code = "query-memory", "The query needed too much memory", 503, 9


class QueryStopped(So2Error):
    """An editor stopped the query; member `elapsed` is seconds."""

    slug, title, status, exit_code = "query-stopped", "The query was stopped", 503, 1


class EndpointFailed(So2Error):
    """An endpoint that the query reaches by SERVICE gave no usable answer; member `endpoint` says which."""

    slug, title, status, exit_code = "endpoint-failed", "Another endpoint failed", 502, 1


class EngineFault(So2Error):
    """The engine failed on a query that is right."""

    slug, title, status, exit_code = "engine-fault", "The engine failed", 500, 1


EXIT_CODES: dict[int, str] = {
    0: "done",
    1: "an unexpected failure",
    2: "the command, a parameter or a setting is wrong",
    3: "the query or the data has an error",
    4: "no such thing: entity, query, graph or generation",
    5: "somebody else is writing",
    6: "the data folder cannot be read or written, or the disk is full",
    7: "the port is in use",
    8: "refused by policy",
    9: "larger than a limit allows",
}


def leaves(root: type[So2Error] = So2Error) -> Iterator[type[So2Error]]:
    """All classes below `root`, each once, in the order they are defined."""
    for child in root.__subclasses__():
        yield child
        yield from leaves(child)
