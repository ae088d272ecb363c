"""Compares so2graph with its peers on the same data, and writes what was measured; run with `make bench`."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import TextIO

from benchmarks import exports, frames, linking, linking_scale, reconcile, report, synthetic
from benchmarks.client import Failed
from benchmarks.results import Row, judge, ratios
from benchmarks.suite import Suite, plan
from benchmarks.systems import OURS, PEERS, RDFLIB, System, installed, make
from benchmarks.throughput import generator_name

_SEED = 7
_RDFLIB_MOST = 100_000
_QUICK_CAP, _CAP = 30.0, 120.0
_LINKING = "Linking"


@dataclass
class Run:
    """What one run has measured so far; records go to `out` as they come."""

    options: argparse.Namespace
    out: TextIO
    rows: list[Row] = field(default_factory=list)
    peaks: dict[int, dict[str, int]] = field(default_factory=dict)
    exported: list[exports.Exported] = field(default_factory=list)
    moved: list[frames.Frames] = field(default_factory=list)
    unmoved: str = ""
    linked: list[linking.Scored] = field(default_factory=list)
    unlinked: str = ""
    scaled: list[str] = field(default_factory=list)
    reconciled: list[reconcile.Batches] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)

    def write(self, record: dict[str, object]) -> None:
        """Writes a record at once, so that a run that breaks off leaves what it had."""
        self.out.write(report.as_line(record))
        self.out.flush()

    def tell(self, row: Row) -> None:
        """Takes a row that is done."""
        self.rows.append(row)
        for record in report.row_records(row):
            self.write(record)
        found = ratios([row])
        for ratio in found:
            self.write(report.ratio_record(ratio))
        times = ", ".join(f"{ratio.bound}{ratio.median:.2f}x {ratio.peer}" for ratio in found)
        wrong = "; ".join([row.stopped, *row.errors.values()]).strip("; ")
        note = f" ERROR {wrong}" if wrong else ""
        print(f"[{time.monotonic() - self.begun:5.0f} s] {row.size:>9,} {row.name}: {times}{note}", flush=True)

    def size(self, size: int, folder: Path) -> None:
        """Measures one size; whatever was started is stopped at its end."""
        data = folder / f"{size}.nt"
        with data.open("w") as file:
            file.writelines(synthetic.triples(size, _SEED))
        peaks = self.peaks.setdefault(size, {})
        names = [name for name in (OURS, *PEERS) if installed(name) and self._bears(name, size)]
        systems = [make(name, folder / str(size), self.options.cap, peaks) for name in names]
        with ExitStack() as stack:
            for system in systems:
                stack.callback(system.stop)
            Suite(plan(size, quick=self.options.quick), data, systems, self.options.cap, self.tell).run()
            if size == max(self.options.sizes):
                self.export(size, systems[0], folder)
        for name, weight in peaks.items():
            self.write({"kind": "memory", "size": size, "system": name, "peak_pss_bytes": weight})

    def export(self, size: int, ours: System, folder: Path) -> None:
        """Exports the dataset that so2graph holds, with nobody else at work."""
        ours.stop()
        for row in exports.measure(size, ours.store, folder, ours.environment()):
            self.exported.append(row)
            self.write({"kind": "export", **asdict(row)})
            print(f"[{time.monotonic() - self.begun:5.0f} s] {size:>9,} export as {row.format}: {row.seconds:.1f} s")

    def browse(self, folder: Path) -> None:
        """Moves the picture of the network in a browser, where there is one."""
        self.unmoved = frames.missing() or ("left out in a quick run" if self.options.quick else "")
        if self.unmoved:
            self.write({"kind": "frames", "skipped": self.unmoved})
            print(f"frames: skipped, {self.unmoved}", flush=True)
            return
        try:
            self.moved = frames.measure(folder / "frames")
        except frames.FAILURES as error:
            self.unmoved = f"{type(error).__name__}: {error}"
            self.write({"kind": "frames", "error": self.unmoved})
        for row in self.moved:
            self.write({"kind": "frames", **asdict(row)})
            print(
                f"[{time.monotonic() - self.begun:5.0f} s] frames of {row.view}: {row.rate:.1f} a second", flush=True
            )

    def link(self) -> None:
        """Links sets with known answers, where they are there."""
        self.unlinked = linking.missing()
        if self.unlinked:
            self.write({"kind": "linking", "skipped": self.unlinked})
            print(f"linking: skipped, {self.unlinked}", flush=True)
            return
        for row in linking.measure():
            self.linked.append(row)
            self.write({"kind": "linking", **asdict(row), "met": row.met})
            print(
                f"[{time.monotonic() - self.begun:5.0f} s] linking {row.name}: precision {row.precision:.4f}, recall "
                f"{row.recall:.4f}, F1 {row.f1:.4f} (baseline {row.baseline_f1:.4f}); accepted: precision "
                f"{row.accepted_precision:.4f}, recall {row.accepted_recall:.4f}; candidates "
                f"{row.candidate_recall:.4f}; "
                f"{row.rate:,.0f} things a minute",
                flush=True,
            )

    def scale(self) -> None:
        """Links many synthetic names, a tenth of them when quick, and looks names up in their index."""
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:  # so that its memory is its own
            row = alone.submit(linking_scale.measure, right=100_000 if self.options.quick else 1_000_000).result()
        index = linking_scale.look_up()
        self.scaled = linking_scale.table(row, index)
        self.write({"kind": "linking_scale", **asdict(row), "index": asdict(index)})
        print(
            f"[{time.monotonic() - self.begun:5.0f} s] linking {row.left:,} with {row.right:,} names: "
            f"{row.total_seconds:.0f} s ({row.cpu_seconds:.0f} of processors), {row.peak_mb:,} MB",
            flush=True,
        )

    def reconcile(self, folder: Path) -> None:
        """Asks the reconciliation service for batches of names."""
        try:
            self.reconciled = reconcile.measure(folder / "reconcile")
        except reconcile.FAILURES as error:
            self.write({"kind": "reconcile", "error": f"{type(error).__name__}: {error}"})
            print(f"reconcile: {error}", file=sys.stderr, flush=True)
        for row in self.reconciled:
            self.write({"kind": "reconcile", **asdict(row)})
            print(
                f"[{time.monotonic() - self.begun:5.0f} s] reconcile {row.what}: {row.batch} in {row.usual:.0f} ms, "
                f"95 % below {row.slow:.0f} ms",
                flush=True,
            )

    def linking_table(self) -> list[str]:
        """What there is to say of linking: sets with known answers, and batches of names."""
        many = [*self.scaled, ""] if self.scaled else []
        return [*linking.table(self.linked, self.unlinked), "", *many, *reconcile.table(self.reconciled)]

    def _bears(self, name: str, size: int) -> bool:
        return name != RDFLIB or size <= _RDFLIB_MOST or self.options.with_rdflib_1m


def _sizes(text: str) -> list[int]:
    return [int(part.replace("_", "")) for part in text.split(",")]


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=["link"], help="one part alone; of a page only that part is written again")
    parser.add_argument("--quick", action="store_true", help="fewer rows, some minutes on two cores")
    parser.add_argument("--sizes", type=_sizes, default=[1_000, 100_000, 1_000_000], help="triples, with commas")
    parser.add_argument("--with-rdflib-1m", action="store_true", help="rdflib-endpoint above 100000 triples as well")
    parser.add_argument("--cap", type=float, help="seconds that a request may take (120; 30 when quick)")
    parser.add_argument("--label", help="part of the name of the file of results (quick or full)")
    parser.add_argument("--output", type=Path, help="file of results, as JSON Lines")
    parser.add_argument("--table", type=Path, help="page in Markdown to write as well")
    options = parser.parse_args(arguments)
    options.label = options.label or ("quick" if options.quick else "full")
    options.cap = options.cap or (_QUICK_CAP if options.quick else _CAP)
    if options.output is None:
        name = f"{datetime.now(UTC):%Y-%m-%dT%H%M}-{options.label}.jsonl"
        options.output = Path(__file__).parent / "results" / name
    return options


def _stop(*_: object) -> None:
    raise SystemExit("stopped")


def _finish(run: Run, about: dict[str, object], missing: Sequence[str]) -> None:
    """Writes the marks, and prints or writes the tables."""
    found = ratios(run.rows)
    marks = judge(found)
    for mark in marks:
        values = {"mark": mark.name, "least": mark.least, "reached": mark.reached, "size": mark.size}
        run.write({"kind": "mark", **values, "met": mark.met})
    absent = [f"{name}: not installed, so it has no rows." for name in missing]
    sections = {
        "Marks over several rows": report.marks_table(marks),
        "Rows": [*report.table(run.rows, found), *(["", *absent] if absent else [])],
        "Exports": [
            "The whole dataset by `so2graph export`, read from its directory; memory is that of the whole command.",
            "",
            *exports.table(run.exported),
        ],
        "The network in a browser": frames.table(run.moved, run.unmoved),
        _LINKING: run.linking_table(),
        "Memory at most": [
            "Proportional set size of all processes of a system, sampled while it loaded and answered.",
            "",
            *report.memory_table(run.peaks),
        ],
    }
    for title, text in sections.items():
        print(f"\n{title}\n", *text, sep="\n")
    if run.options.table:
        report.write_page(run.options.table, about, sections)
    print(f"\n{time.monotonic() - run.begun:.0f} s; all values are in {run.options.output}")


def _finish_linking(run: Run) -> int:
    """Prints the part about linking, and writes it into the page; 1 when a mark is not met."""
    text = run.linking_table()
    print(f"\n{_LINKING}\n", *text, sep="\n")
    if run.options.table:
        report.write_section(run.options.table, _LINKING, text)
    return 1 if any(row.met == "no" for row in run.linked) else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs everything; 1 when answers differed, a system failed or links were not as right as they are to be."""
    options = _options(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    missing = [name for name in PEERS if not installed(name)]
    about = report.machine(
        mode=options.label,
        command="python -m benchmarks" + (" --quick" if options.quick else ""),
        quick=options.quick,
        seed=_SEED,
        sizes=options.sizes,
        cap=options.cap,
        generator=generator_name(),
        missing=missing,
    )
    options.output.parent.mkdir(parents=True, exist_ok=True)
    (Path(__file__).parent / "results").mkdir(exist_ok=True)
    with options.output.open("w") as out, tempfile.TemporaryDirectory(prefix="so2graph-bench-") as name:
        run = Run(options, out)
        run.write(about)
        print(f"load by {about['generator']}; not installed: {', '.join(missing) or 'nothing'}", flush=True)
        broken = ""
        if options.only:
            run.link()
            run.scale()
            run.reconcile(Path(name))
            return _finish_linking(run)
        for size in options.sizes:
            try:
                run.size(size, Path(name))
            except (Failed, RuntimeError, OSError) as error:
                broken = f"{size} triples: {type(error).__name__}: {error}"
                run.write({"kind": "error", "size": size, "error": broken})
                print(f"ERROR {broken}", file=sys.stderr, flush=True)
        run.browse(Path(name))
        run.link()
        run.scale()
        run.reconcile(Path(name))
        _finish(run, about, missing)
    unmet = any(row.met == "no" for row in run.linked)
    return 1 if broken or unmet or any(row.stopped or row.errors for row in run.rows) else 0


if __name__ == "__main__":
    sys.exit(main())
