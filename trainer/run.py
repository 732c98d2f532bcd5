"""One job, from its directory to its result. The dispatch of `python -m trainer`."""

from __future__ import annotations

from pathlib import Path

from rubrics.errors import Fault
from trainer.batches import read_examples
from trainer.conversation import ChatCodec
from trainer.errors import Stopped
from trainer.events import Logged, Progress
from trainer.generate import Batch, Request, check_lengths, generate, plan_batches
from trainer.gguf import convert
from trainer.job import (
    ROW_SCORES_FILE,
    ConvertJob,
    EvaluateJob,
    GenerateJob,
    Job,
    MeasureJob,
    TrainJob,
    drop_partial_line,
    read_json_lines,
    write_json,
    write_json_lines,
)
from trainer.loading import loading
from trainer.scoring import mean_scores, score_rows
from trainer.workplace import ModelCache, Workplace

COMPLETIONS_FILE = "completions.jsonl"


def run_job(job: Job, place: Workplace, models: ModelCache) -> None:
    """Do what the job asks and write its result.

    Raises:
        Stopped: it was asked to stop and saved what it had.
        Fault: something expected went wrong.
    """
    if isinstance(job, GenerateJob):
        run_generate(job, place, models)
    elif isinstance(job, EvaluateJob):
        run_evaluate(job, place, models)
    elif isinstance(job, TrainJob | MeasureJob):
        # Only these need peft, datasets and the training loop, whose import takes as long as torch's and more.
        with loading():
            from trainer.run_training import run_measure, run_train

        if isinstance(job, TrainJob):
            run_train(job, place, models)
        else:
            run_measure(job, place, models)
    else:
        run_convert(job, place)


def run_convert(job: ConvertJob, place: Workplace) -> None:
    """GGUF to folder."""
    place.emit(Logged(message=f"converting {job.source.name}; this happens once"))
    convert(job.source, job.target, job.repair)
    write_json(place.result, {"folder": str(job.target)})


def run_generate(job: GenerateJob, place: Workplace, models: ModelCache) -> None:
    """Answer every request; answers of a former, interrupted try are kept."""
    loaded = models.get(job.model, place.emit)
    requests = _requests(place.directory / "requests.jsonl", loaded.codec)
    check_lengths(requests, loaded.context_length)
    output = place.directory / COMPLETIONS_FILE
    drop_partial_line(output)
    done = {row["id"] for row in read_json_lines(output)}
    batches = [batch for batch in plan_batches(requests, job.batch_size) if not _is_done(batch, done)]
    with output.open("a", encoding="utf-8") as file:
        for answers in generate(loaded, batches, place.should_stop):
            for answer in answers:
                if answer.id not in done:
                    file.write(answer.model_dump_json() + "\n")
                    done.add(answer.id)
            file.flush()
            place.emit(Progress(task="generate", done=len(done), total=len(requests)))
    if len(done) < len(requests):
        raise Stopped
    write_json(place.result, {"completions": len(done)})


def _is_done(batch: Batch, done: set[str]) -> bool:
    return all(row.id in done for row in batch.rows)


def _requests(path: Path, codec: ChatCodec) -> list[Request]:
    if not path.is_file():
        raise Fault("the job has no requests", where=str(path), fix="Start the run again.")
    return [
        Request(
            row["id"],
            row["group"],
            codec.prompt_ids(row["messages"]),
            int(row["max_new_tokens"]),
            float(row.get("temperature", 0)),
            int(row.get("seed", 0)),
        )
        for row in read_json_lines(path)
    ]


def run_evaluate(job: EvaluateJob, place: Workplace, models: ModelCache) -> None:
    """Loss and next-token accuracy of the rows, each and together."""
    loaded = models.get(job.model, place.emit)
    examples = read_examples(place.directory / "rows.jsonl", loaded.codec, job.max_length)

    def progress(done: int) -> None:
        place.emit(Progress(task="evaluate", done=done, total=len(examples)))
        if place.should_stop():
            raise Stopped

    rows = score_rows(loaded, examples, job.batch_size, progress)
    ids = [row["id"] for row in read_json_lines(place.directory / "rows.jsonl")]
    write_json_lines(
        place.directory / ROW_SCORES_FILE,
        ({"id": name, **row._asdict()} for name, row in zip(ids, rows, strict=True)),
    )
    write_json(place.result, mean_scores(rows))
