"""How long opening the log of an eight-hour training takes, and what it costs in memory.

    python tests/benchmarks/watching.py [--events 500000]

Writes a run directory whose training said so many events (measured values and progress at each step, dev values and
sample answers at each hundredth), opens it in a process of its own as a screen would, and polls it again as it grows.
The limits of the wizard: opened in under 2 s, the whole application under 200 MB.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from trainer.events import Event, EventWriter, JobStarted, Metric, Progress, RunStarted, Sample, StageStarted

SECONDS = 8 * 3600.0
SAMPLES = 4


def training_events(count: int) -> Iterator[Event]:
    """About so many events over eight hours."""
    steps = count // 2
    yield JobStarted(time=1.0, job="training", kind="train", pid=1)
    for step in range(1, steps + 1):
        at = 2.0 + SECONDS * step / steps
        loss = 2.0 * math.exp(-5 * step / steps) + 0.1 * math.sin(step) ** 2
        values = {
            "loss": loss,
            "learning_rate": 1e-3 * (1 - step / steps),
            "grad_norm": 1 + loss,
            "next_token_accuracy": 1 - loss / 3,
            "tokens_per_second": 4000 + step % 7,
            "memory_bytes": 2.0**33,
        }
        yield Metric(time=at, step=step, epoch=3 * step / steps, values=values)
        yield Progress(time=at, task="train", done=step, total=steps, unit="steps")
        if step % max(1, steps // 100) == 0:
            dev = {"eval_loss": loss + 0.1, "eval_next_token_accuracy": 1 - loss / 2}
            yield Metric(time=at, step=step, epoch=3 * step / steps, values=dev)
            for number in range(SAMPLES):
                yield Sample(
                    time=at,
                    step=step,
                    id=f"r{number}",
                    prompt=f"row {number}",
                    reference="a",
                    prediction=f"at {step}",
                )


def write_run(folder: Path, count: int) -> None:
    """A run directory in the middle of its training."""
    main = EventWriter(folder / "events.jsonl")
    main(RunStarted(time=0.0, pid=1))
    main(StageStarted(time=0.5, stage="train"))
    main.close()
    folder.joinpath("training").mkdir(exist_ok=True)
    with (folder / "training/events.jsonl").open("w", encoding="utf-8") as file:
        for event in training_events(count):
            file.write(event.model_dump_json() + "\n")


def open_run(folder: Path) -> None:
    """Open it, and print seconds and MiB; then what a look costs when one more step was said."""
    start = time.perf_counter()
    from advisor.watching import RunWatch

    imported, cpu = time.perf_counter(), time.process_time()
    watch = RunWatch(folder)
    state = watch.poll()
    opened, cpu = time.perf_counter(), time.process_time() - cpu
    writer = EventWriter(folder / "training/events.jsonl")
    looks = []
    for more in range(1, 21):
        writer(Metric(step=state.training.step + more, epoch=3.0, values={"loss": 0.5, "grad_norm": 1.0}))
        before = time.perf_counter()
        watch.poll()
        looks.append(time.perf_counter() - before)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    points = max(len(series.points) for series in state.training.series.values())
    print(
        json.dumps(
            {
                "import_s": round(imported - start, 2),
                "open_s": round(opened - imported, 2),
                "open_cpu_s": round(cpu, 2),
                "look_ms": round(1000 * sorted(looks)[len(looks) // 2], 1),
                "peak_MiB": round(peak),
                "points": points,
                "step": state.training.step,
            }
        )
    )


def main() -> None:
    """Write, open, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=500_000)
    parser.add_argument("--open", type=Path)
    given = parser.parse_args()
    if given.open:
        open_run(given.open)
        return
    with tempfile.TemporaryDirectory() as folder:
        write_run(Path(folder), given.events)
        size = (Path(folder) / "training/events.jsonl").stat().st_size
        print(f"{given.events:,} events, {size / 2**20:.0f} MiB")
        subprocess.run([sys.executable, __file__, "--open", folder], check=True)


if __name__ == "__main__":
    main()
