"""Which recipe learns the bundled example in the steps that the demo has time for?

    python tests/benchmarks/example_recipes.py MODEL WORK_FOLDER [--side-by-side 9] [--seeds 0,1] [--steps 151]

MODEL is a folder, such as the embedded model in the user's cache. Trains each of `RECIPES` with each seed for as many
steps of its batch as the demo manages on two cores (batches of 2 rows take some two thirds of the time of 4), answers
the test rows and prints one JSON object a line. Made for a GPU, where the trainings run side by side in minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from trainer_on_gpu import result, rows  # noqa: E402

from trainer.job import (  # noqa: E402
    GenerateJob,
    Hyperparameters,
    ModelSpec,
    TrainJob,
    read_json_lines,
    write_json,
    write_json_lines,
)

RECIPES = (
    (16, 7e-4, 4),
    (16, 1e-3, 4),
    (16, 1.5e-3, 4),
    (16, 2.5e-3, 4),
    (8, 1e-3, 4),
    (64, 1.5e-3, 4),
    (16, 7e-4, 2),
    (16, 1e-3, 2),
    (16, 1.5e-3, 2),
)
"""Rank, learning rate, rows of a batch."""
_STEPS_OF_TWO = 1.5


def prepared(model: Path, work: Path, steps: int, seeds: list[int]) -> Iterator[tuple[dict[str, Any], Path]]:
    """Write the jobs of every recipe and seed; yield what each is, and its folder."""
    train, dev, test = rows()
    for rank, rate, batch in RECIPES:
        wanted = steps if batch == 4 else round(steps * _STEPS_OF_TWO)
        for seed in seeds:
            folder = work / f"r{rank}-lr{rate:g}-b{batch}-s{seed}"
            job, answers = folder / "train", folder / "answers"
            parameters = Hyperparameters(
                rank=rank,
                learning_rate=rate,
                batch_size=batch,
                micro_batch_size=batch,
                epochs=wanted * batch / len(train),
                max_length=256,
                evaluations=3,
                seed=seed,
            )
            spec = ModelSpec(path=model)
            tuned = spec.model_copy(update={"adapter": job / "adapter"})
            asked = [
                {"id": r["id"], "group": "t", "messages": r["messages"], "max_new_tokens": 24} for r in test
            ]
            write_json_lines(job / "train.jsonl", train)
            write_json_lines(job / "dev.jsonl", dev)
            write_json(job / "job.json", TrainJob(model=spec, hyperparameters=parameters, samples=0))
            write_json_lines(answers / "requests.jsonl", asked)
            write_json(answers / "job.json", GenerateJob(model=tuned, batch_size=64))
            yield {"rank": rank, "learning_rate": rate, "batch": batch, "seed": seed}, folder


def trained(recipe: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Train and answer in one child; return the recipe with its scores."""
    jobs = [folder / "train", folder / "answers"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(
        [sys.executable, "-m", "trainer", *map(str, jobs)],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    found = result(jobs[0])
    wanted = {row["id"]: row["answer"] for row in rows()[2]}
    given = {row["id"]: row["text"].strip() for row in read_json_lines(jobs[1] / "completions.jsonl")}
    right = sum(given[key] == answer for key, answer in wanted.items())
    return {
        **recipe,
        "steps": found["steps"],
        "dev_loss": round(found["best_eval_loss"], 4),
        "exact_match": round(right / len(wanted), 3),
        "n": len(wanted),
    }


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--side-by-side", type=int, default=9)
    parser.add_argument("--seeds", default="0,1")
    parser.add_argument(
        "--steps", type=int, default=151, help="of 4 rows; batches of 2 take half as many more"
    )
    asked = parser.parse_args()
    jobs = list(
        prepared(asked.model, asked.work, asked.steps, [int(seed) for seed in asked.seeds.split(",")])
    )
    with ThreadPoolExecutor(asked.side_by_side) as pool:
        for line in pool.map(lambda job: trained(*job), jobs):
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
