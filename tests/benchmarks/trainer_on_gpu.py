"""What the trainer does on a real GPU: QLoRA and LoRA on the bundled example, with memory, time and scores.

    python tests/benchmarks/trainer_on_gpu.py MODEL.gguf WORK_FOLDER

Needs a CUDA device and the `train` extra. It converts the embedded model, trains by both methods, answers the test
rows with each adapter, and checks that evaluating a 4-bit model changes neither a later training nor a merge.
Prints one JSON object a line.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from trainer.job import (  # noqa: E402
    ConvertJob,
    EvaluateJob,
    GenerateJob,
    Hyperparameters,
    MeasureJob,
    ModelSpec,
    TrainJob,
    read_json_lines,
    write_json,
    write_json_lines,
)


def rows() -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """The example as trainer rows: train, dev, test."""
    task = (ROOT / "advisor/examples/task.txt").read_text(encoding="utf-8").split("\n\n")[0]
    found = [
        {
            "id": str(number),
            "messages": [{"role": "system", "content": task}, {"role": "user", "content": row["question"]}],
            "answer": row["answer"],
        }
        for number, row in enumerate(read_json_lines(ROOT / "advisor/examples/desk.jsonl"))
    ]
    random.Random(0).shuffle(found)
    return found[:371], found[371:424], found[424:]


def run(*jobs: Path) -> float:
    """Seconds that the jobs took in one child process; ends with the reason where one failed."""
    start = time.perf_counter()
    code = subprocess.run(
        [sys.executable, "-m", "trainer", *map(str, jobs)], cwd=ROOT, check=False
    ).returncode
    if code:
        failed = next(job for job in jobs if not (job / "result.json").exists())
        print((failed / "failure.json").read_text() if (failed / "failure.json").exists() else "", flush=True)
        print((failed / "log.txt").read_text()[-3000:], flush=True)
        sys.exit(code)
    return time.perf_counter() - start


def result(job: Path) -> dict[str, Any]:
    """What a job left."""
    found: dict[str, Any] = json.loads((job / "result.json").read_text())
    return found


def say(**values: Any) -> None:
    """Print one line of figures."""
    print(json.dumps(values), flush=True)


def train_and_score(model: Path, work: Path, method: str) -> None:
    """One method on the example."""
    train, dev, test = rows()
    spec = ModelSpec(path=model, quantisation="nf4" if method == "qlora" else None)
    parameters = Hyperparameters(
        method=method, learning_rate=2e-3, batch_size=4, micro_batch_size=4, max_length=256
    )
    measure, job, answers, loss = (
        work / f"{method}-{name}" for name in ("measure", "train", "answers", "loss")
    )
    files = ((measure / "train.jsonl", train), (job / "train.jsonl", train), (job / "dev.jsonl", dev))
    for path, part in (*files, (loss / "rows.jsonl", test)):
        write_json_lines(path, part)
    write_json(measure / "job.json", MeasureJob(model=spec, hyperparameters=parameters))
    write_json(job / "job.json", TrainJob(model=spec, hyperparameters=parameters))
    tuned = spec.model_copy(update={"adapter": job / "adapter"})
    requests = [{"id": r["id"], "group": "t", "messages": r["messages"], "max_new_tokens": 24} for r in test]
    write_json_lines(answers / "requests.jsonl", requests)
    write_json(answers / "job.json", GenerateJob(model=tuned, batch_size=64))
    write_json(loss / "job.json", EvaluateJob(model=tuned, max_length=256))
    seconds = run(measure, job, answers, loss)
    reference = {row["id"]: row["answer"] for row in test}
    given = {row["id"]: row["text"].strip() for row in read_json_lines(answers / "completions.jsonl")}
    trained = result(job)
    say(
        method=method,
        seconds=round(seconds, 1),
        training_seconds=round(trained["seconds"], 1),
        peak_gib=round(trained["peak_memory_bytes"] / 2**30, 2),
        device=trained["device"],
        precision=trained["precision"],
        optimizer=trained["effective"]["optimizer"],
        quantised=trained["effective"]["quantised"],
        best_step=trained["best_step"],
        dev_loss=round(trained["best_eval_loss"], 4),
        test=result(loss),
        exact_match=round(sum(given[key] == reference[key] for key in reference) / len(reference), 4),
        n=len(reference),
        measured={
            k: v for k, v in result(measure).items() if "second" in k or "memory" in k or "attention" in k
        },
    )


def evaluation_changes_nothing(model: Path) -> None:
    """A 4-bit model that was evaluated trains like one that was not, and merges right."""
    import torch

    from trainer.batches import collate, to_device
    from trainer.model import load
    from trainer.scoring import score_batches, token_sums
    from trainer.training import attach_lora

    train, _, _ = rows()
    parameters = Hyperparameters(method="qlora")

    def losses(*, evaluate: bool) -> tuple[list[float], Any, Any]:
        loaded = load(ModelSpec(path=model, quantisation="nf4"))
        lora = attach_lora(loaded, parameters)
        examples = [loaded.codec.example(row["messages"], row["answer"]) for row in train[:16]]
        batch = to_device(collate(examples, loaded.codec.pad_id), loaded.device)
        optimizer = torch.optim.AdamW([p for p in lora.parameters() if p.requires_grad], lr=1e-3)
        found = []
        for _ in range(10):
            if evaluate:
                score_batches(lora, [batch])
            lora.train()
            sums = token_sums(lora, batch)
            mean = sums.loss / sums.tokens
            mean.backward()
            optimizer.step()
            optimizer.zero_grad()
            found.append(float(mean.detach()))
        return found, lora, batch

    fresh, _, _ = losses(evaluate=False)
    watched, lora, batch = losses(evaluate=True)
    before = score_batches(lora, [batch]).loss
    merged = lora.merge_and_unload()
    after = score_batches(merged, [batch]).loss
    say(
        check="evaluation between steps",
        largest_difference=max(abs(one - two) for one, two in zip(fresh, watched, strict=True)),
        last_loss=watched[-1],
        loss_before_merge=before,
        loss_after_merge_into_4_bits=after,
    )


def main() -> None:
    """Run everything."""
    source, work = Path(sys.argv[1]), Path(sys.argv[2])
    model = work / "model"
    convert = work / "convert"
    write_json(convert / "job.json", ConvertJob(source=source, target=model, repair="split-digits"))
    say(convert_seconds=round(run(convert), 1))
    for method in ("lora", "qlora"):
        train_and_score(model, work, method)
    evaluation_changes_nothing(model)


if __name__ == "__main__":
    main()
