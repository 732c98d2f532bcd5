"""How often halves of one file are called different (rule D8): python tests/benchmarks/drift_false_alarms.py DATA [DRAWS].

DATA is the folder of the shared reference data. Nominal is 2.5% for the classifier (the interval leaves 0.5 upwards)
and at most 5% for the named differences.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from advisor.data.drift import drift_findings
from advisor.data.production import read_production

FILES = (
    "classification/banking77_train.jsonl",
    "korean/songys_chatbot.jsonl",
    "sentiment/vader_tweets.jsonl",
    "sentiment/vader_amazon.jsonl",
    "output_format/restaurant8k_test.jsonl",
    "output_format/text2sql_advising.jsonl",
    "dynamic/nq_open_dev.jsonl",
)
SIZES = ((60, 40), (200, 100), (500, 130))


def main(folder: Path, draws: int) -> None:
    """Print a line for each file and size, and the sums."""
    total = drifts = others = 0
    for name in FILES:
        rows = read_production(folder / name).rows
        for here, there in SIZES:
            drift = named = 0
            for seed in range(draws):
                some = random.Random(seed).sample(rows, here + there)
                found = list(drift_findings(some[:here], some[here:], seed))
                drift += found[0].details.get("low", 0) > 0.5
                named += len(found) > 1
            print(f"{name} {here}+{there}: {drift} drift, {named} named, of {draws}", flush=True)
            total, drifts, others = total + draws, drifts + drift, others + named
    print(f"all: {drifts / total:.1%} drift, {others / total:.1%} named, of {total}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 20)
