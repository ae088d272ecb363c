"""A report of conformance as text, as JSON and as JUnit XML, which programs that build and test read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET

from so2graph.link.conformance import Outcome, Report, Verdict
from so2graph.link.conformance_probe import Fault
from so2graph.link.conformance_rule import Rule
from so2graph.link.reconcile_http import Reply

__all__ = ["as_data", "as_junit", "counts", "excerpt", "explained", "markdown", "summary"]

_EXCERPT = 300
_MOST_FAULTS = 5
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def excerpt(text: str, most: int = _EXCERPT) -> str:
    """The beginning of a text on one line, without signs that do something to a terminal."""
    flat = " ".join(text[: most * 4].split())
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in flat)
    return shown if len(shown) <= most else f"{shown[:most]}…"


def _sent(reply: Reply) -> str:
    body = f" {unquote_plus(reply.sent)}" if reply.sent else ""
    return excerpt(f"{reply.method} {unquote_plus(reply.url)}{body}")


def _came(reply: Reply) -> str:
    if reply.failed:
        return excerpt(reply.failed)
    took = f"{reply.seconds:.2f} s"
    return f"{reply.status}, {reply.media_type or 'no type'}, {len(reply.body)} bytes, {took}: {excerpt(reply.text)}"


def counts(report: Report) -> dict[str, int]:
    """How many rules there are of each verdict."""
    return {str(verdict): len(report.of(verdict)) for verdict in Verdict}


def summary(report: Report) -> str:
    """One line: how many rules hold, are broken, and so on."""
    found = counts(report)
    return (
        f"{found['holds']} rules hold, {found['broken']} broken, {found['warning']} warnings, "
        f"{found['not judged']} not judged; {report.requests} requests in {report.seconds:.1f} seconds"
    )


def explained(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """What there is to say of a rule that does not hold, as pairs of a heading and a text."""
    yield "holds", outcome.rule.holds
    yield "said in", outcome.rule.section
    for fault in outcome.faults[:_MOST_FAULTS]:
        yield "found", excerpt(fault.what)
        if fault.reply is not None:
            yield "sent", _sent(fault.reply)
            yield "came", _came(fault.reply)
    if len(outcome.faults) > _MOST_FAULTS:
        yield "found", f"and {len(outcome.faults) - _MOST_FAULTS} more like it"
    yield "mend", outcome.rule.mend


def as_data(report: Report) -> dict[str, object]:
    """The whole report as plain data."""
    return {
        "service": report.url,
        "name": report.name,
        "version": report.version,
        "conforms": report.conforms,
        "counts": counts(report),
        "requests": report.requests,
        "seconds": round(report.seconds, 3),
        "rules": [
            {
                "id": each.rule.id,
                "level": str(each.level),
                "section": each.rule.section,
                "holds": each.rule.holds,
                "verdict": str(each.verdict),
                "why": each.why,
                "faults": [_fault(fault) for fault in each.faults],
                "mend": each.rule.mend if each.faults else "",
            }
            for each in report.outcomes
        ],
    }


def _fault(fault: Fault) -> dict[str, object]:
    reply = fault.reply
    if reply is None:
        return {"what": fault.what}
    sent = {"method": reply.method, "url": reply.url, "body": excerpt(unquote_plus(reply.sent), 2_000)}
    came = {
        "status": reply.status,
        "failed": reply.failed,
        "headers": dict(reply.headers),
        "seconds": round(reply.seconds, 3),
        "body": excerpt(reply.text, 2_000),
    }
    return {"what": fault.what, "sent": sent, "came": came}


def as_junit(report: Report) -> str:
    """The report as JUnit XML: a case a rule; a warning is a case that passes, with its text in `system-out`."""
    found = counts(report)
    suite = ET.Element(
        "testsuite",
        name=_xml(f"reconciliation {report.version}: {report.url}"),
        tests=str(len(report.outcomes)),
        failures=str(found["broken"]),
        errors="0",
        skipped=str(found["not judged"]),
        time=f"{report.seconds:.3f}",
    )
    for each in report.outcomes:
        case = ET.SubElement(suite, "testcase", classname=f"reconciliation.{each.level}", name=each.rule.id)
        text = _xml("\n".join(f"{heading}: {words}" for heading, words in explained(each)))
        if each.verdict is Verdict.BROKEN:
            ET.SubElement(case, "failure", message=_xml(excerpt(each.faults[0].what))).text = text
        elif each.verdict is Verdict.WARNING:
            ET.SubElement(case, "system-out").text = text
        elif each.verdict is Verdict.OPEN:
            ET.SubElement(case, "skipped", message=_xml(each.why))
    ET.indent(suite)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suite, encoding="unicode") + "\n"


def _xml(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)


def markdown(rules: Sequence[Rule]) -> str:
    """The table of the rules, for the documentation."""

    def cell(text: str) -> str:
        return text.replace("|", "\\|").replace("<", "&lt;").replace("{{", "{<!-- -->{")

    lines = ["| rule | weight | what must be so | said in | versions |", "|---|---|---|---|---|"]
    for each in rules:
        weight = str(each.level) + (f" (MUST in {', '.join(each.strict)})" if each.strict else "")
        lines.append(
            f"| `{each.id}` | {weight} | {cell(each.holds)} | {cell(each.section)} | {', '.join(each.versions)} |"
        )
    return "\n".join(lines) + "\n"
