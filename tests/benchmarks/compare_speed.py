"""How long `advisor compare` takes on 10,000 rows, started as a user starts it.

    python tests/benchmarks/compare_speed.py [--rows 10000] [--repeats 3]

Prints one line a case with every wall-clock time and the processor time of the child; the bound is 2 s.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CASES = {
    "right/wrong": ["--metric", "exact_match"],
    "graded": ["--metric", "token_f1"],
    "clusters and slices": ["--metric", "exact_match", "--cluster-field", "customer", "--slice", "channel"],
}
_LABELS = [f"queue {at}" for at in range(20)]


def main() -> None:
    """Write the files and time every case."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=10_000)
    options.add_argument("--repeats", type=int, default=3)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = write(Path(folder), chosen.rows)
        for name, flags in CASES.items():
            took = [
                timed([*map(str, files[:2]), "--references", str(files[2]), *flags])
                for _ in range(chosen.repeats)
            ]
            walls = ", ".join(f"{wall:.2f}" for wall, _ in took)
            print(f"{name:22} wall {walls} s, processor {min(used for _, used in took):.2f} s", flush=True)


def write(folder: Path, rows: int) -> tuple[Path, Path, Path]:
    """Two systems, 70 and 78% right, and the references with customer and channel."""
    rng = random.Random(0)
    answers = [rng.choice(_LABELS) for _ in range(rows)]
    references = [
        {"id": at, "question": f"message {at} " + "word " * (at % 40), "answer": answer,
         "customer": rng.randrange(rows // 5), "channel": rng.choice(["mail", "phone", "form"])}
        for at, answer in enumerate(answers)
    ]  # fmt: skip
    systems = [
        [
            {"id": at, "prediction": answer if rng.random() < right else rng.choice(_LABELS)}
            for at, answer in enumerate(answers)
        ]
        for right in (0.7, 0.78)
    ]
    paths = tuple(folder / f"{name}.jsonl" for name in ("a", "b", "references"))
    for path, found in zip(paths, [*systems, references], strict=True):
        path.write_text("".join(json.dumps(row) + "\n" for row in found), encoding="utf-8")
    return paths[0], paths[1], paths[2]


def timed(arguments: list[str]) -> tuple[float, float]:
    """Wall-clock and processor seconds of one comparison."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "advisor", "compare", *arguments, "--json"], check=True, capture_output=True
    )
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
