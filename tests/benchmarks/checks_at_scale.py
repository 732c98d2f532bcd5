"""How long the checks D5, D6, D7, D10 and D12 take on many rows, and in how much memory.

    python tests/benchmarks/checks_at_scale.py [ROWS] [FILE ...]

Rows are those of the shared data, repeated with a number added, so that nothing is worked out once for all. The
near-duplicate join (D2) and leakage (D4) are left out: they are measured on their own.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from advisor.data.checks import CHECKS
from advisor.data.consistency import statistics as writing
from advisor.data.findings import Sheet
from advisor.data.reading import read_file
from advisor.data.rows import Message, Row
from advisor.data.subject import Subject
from advisor.data.variety import statistics as variety

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
FILES = (
    "classification/banking77_train.jsonl",
    "output_format/restaurant8k_test.jsonl",
    "output_format/text2sql_advising.jsonl",
    "korean/songys_chatbot.jsonl",
    "summarisation/legal_plain_tosdr.jsonl",
)
JOINS = {"_exact_duplicates", "_near_duplicates", "_conflicts", "_leakage"}


def repeated(rows: Sequence[Row], count: int, *, labels: bool) -> Iterator[Row]:
    """Yield `count` rows, all of them different; labels stay as they are."""
    for at in range(count):
        one, times = rows[at % len(rows)], at // len(rows)
        answer = one.answer
        if times and not labels:
            answer = f'{answer[:-2]} {times}"}}' if answer.endswith('"}') else f"{answer} {times}"
        yield Row(f"r:{at}", (Message(role="user", content=f"{one.prompt} {times}"),), answer)


def measure(file: Path, count: int) -> None:
    """Print the seconds of each slow check and of all of them."""
    read = read_file(file).rows
    rows = list(repeated(read, count, labels=Sheet(read).labels is not None))
    lengths = [(len(row.prompt), len(row.answer)) for row in rows]
    subject = Subject(Sheet(rows), None, "against", lengths, "characters")
    spent: dict[str, float] = {}
    for check in CHECKS:
        name = getattr(check, "__name__", repr(check))
        if name not in JOINS:
            start = time.process_time()
            subject.found.extend(check(subject))
            spent[name] = time.process_time() - start
    start = time.process_time()
    variety(subject)
    writing(subject)
    spent["statistics"] = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{file.name}: {count:,} rows in {sum(spent.values()):.1f} s of CPU, peak of the process {peak:,.0f} MiB"
    )
    for name, seconds in sorted(spent.items(), key=lambda item: -item[1])[:5]:
        print(f"  {seconds:6.2f} s  {name}")


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    for path in [Path(name) for name in sys.argv[2:]] or [SHARED / name for name in FILES]:
        measure(path, wanted)
