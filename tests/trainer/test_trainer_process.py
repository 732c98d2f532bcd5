"""The process on a job directory: what it leaves there in every outcome, and its exit codes."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from trainer_jobs import (
    STANDARD,
    Training,
    assert_same_history,
    result_of,
    rows,
    run,
    run_process,
    trained_steps,
    write_job,
    write_training,
)

from rubrics.errors import ExitCode
from trainer import run as run_module
from trainer import run_training, workplace
from trainer.errors import explain
from trainer.events import Event, Logged, read_events
from trainer.job import (
    FAILURE_FILE,
    JOB_FILE,
    LOCK_FILE,
    LOG_FILE,
    RESULT_FILE,
    EvaluateJob,
    Failure,
    GenerateJob,
    MeasureJob,
    Measurement,
    ModelSpec,
    hold,
    lock_owner,
    write_json,
)


def _evaluation(directory: Path, model: Path, **spec: Any) -> Path:
    job = EvaluateJob(
        model=ModelSpec(path=model, **{"precision": "fp32", "attention": "sdpa", **spec}), max_length=200
    )
    return write_job(directory, job, rows=rows(5))


def _failure(directory: Path) -> Failure:
    return Failure.model_validate_json((directory / FAILURE_FILE).read_bytes())


def _outcomes(directory: Path) -> list[str]:
    return [
        event.outcome for event in read_events(directory / "events.jsonl") if event.type == "job_finished"
    ]


def test_several_jobs_in_turn_load_their_model_once(tiny_model: Path, tmp_path: Path) -> None:
    # given two evaluations of one model and a generation with it
    directories = [_evaluation(tmp_path / name, tiny_model) for name in ("a", "b")]
    generation = GenerateJob(model=ModelSpec(path=tiny_model, precision="fp32", attention="sdpa"))
    wanted = [{"id": "1", "group": "g", "messages": rows(1)[0]["messages"], "max_new_tokens": 2}]
    directories.append(write_job(tmp_path / "c", generation, requests=wanted))
    # when one process takes them
    assert run_process(*directories) == ExitCode.OK
    # then each has its result and says that it is done, and only the first loaded a model
    assert [_outcomes(directory) for directory in directories] == [["done"]] * 3
    assert (directories[0] / RESULT_FILE).read_text() == (directories[1] / RESULT_FILE).read_text()
    loads = [
        sum(
            "loaded" in event.message
            for event in read_events(directory / "events.jsonl")
            if event.type == "log"
        )
        for directory in directories
    ]
    assert loads == [1, 0, 0]
    # and a second call finds nothing left to do
    before = (directories[0] / "events.jsonl").read_bytes()
    assert run_process(*directories) == ExitCode.OK
    assert (directories[0] / "events.jsonl").read_bytes() == before


def test_result_is_written_last(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a training, and a look at the directory at the moment when its result is written
    directory = write_training(
        tmp_path / "job", tiny_model, STANDARD.model_copy(update={"epochs": 0.2}), samples=0
    )
    there: list[str] = []

    def look(path: Path, value: Any) -> None:
        if path.name == RESULT_FILE:
            there.extend(str(file.relative_to(directory)) for file in directory.rglob("*"))
        write_json(path, value)

    monkeypatch.setattr(run_training, "write_json", look)
    # when it runs
    run(directory)
    # then history and adapter were there already, and no temporary file stays
    assert {"history.json", "adapter/adapter_model.safetensors", "adapter/adapter_config.json"} <= set(there)
    assert result_of(directory).history
    assert not [file for file in directory.iterdir() if file.name.startswith(".")]


def test_output_of_libraries_goes_to_the_log(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    # given a job during which something native writes to both file descriptors
    directory = _evaluation(tmp_path / "job", tiny_model)
    load = workplace.load

    def noisy(spec: ModelSpec) -> Any:
        os.write(1, b"native words on 1\n")
        os.write(2, b"native words on 2\n")
        return load(spec)

    monkeypatch.setattr(workplace, "load", noisy)
    # when the process runs it
    assert run_process(directory) == ExitCode.OK
    # then the words are in the log, and the terminal saw nothing
    log = (directory / LOG_FILE).read_text()
    assert "native words on 1" in log
    assert "native words on 2" in log
    assert capfd.readouterr() == ("", "")


def test_a_bug_leaves_its_traceback_in_the_log(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a job in which the program itself errs
    directory = _evaluation(tmp_path / "job", tiny_model)
    monkeypatch.setattr(run_module, "score_rows", lambda *args: 1 // 0)
    # then the failure is told apart from the user's, and the traceback is in the log and the record
    assert run_process(directory) == ExitCode.PROGRAM_FAULT
    failure = _failure(directory)
    assert failure.what.startswith("ZeroDivisionError")
    assert "log.txt" in failure.fix
    assert "1 // 0" in failure.traceback
    assert "1 // 0" in (directory / LOG_FILE).read_text()
    # and once it is mended the same directory works, and the failure is gone
    monkeypatch.undo()
    assert run_process(directory) == ExitCode.OK
    assert not (directory / FAILURE_FILE).exists()
    assert _outcomes(directory) == ["failed", "done"]


def _no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def _half_weights(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _missing_layer(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    kept = {name: tensor for name, tensor in tensors.items() if "layers.1.mlp" not in name}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})


def _no_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def _unknown_architecture(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "nonesuch"}))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_no_weights, "holds no weights"),
        (_half_weights, "could not be loaded"),
        (_missing_layer, "3 of the model's weights are not in its files"),
        (_no_config, "not a model folder"),
        (_unknown_architecture, "could not be loaded"),
    ],
)
def test_a_broken_model_folder_is_a_failure_with_what_where_and_fix(
    tiny_model: Path, tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    # given a model folder that lost something
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    spoil(folder)
    directory = _evaluation(tmp_path / "job", folder)
    # then the process ends with 5 and says what, where and what to do; no traceback, no result
    assert run_process(directory) == ExitCode.LACKING
    failure = _failure(directory)
    assert words in failure.what
    assert failure.where == str(folder)
    assert failure.fix
    assert not failure.traceback
    assert not (directory / RESULT_FILE).exists()
    assert _outcomes(directory) == ["failed"]


def test_rows_that_do_not_fit_are_named_in_the_failure(tiny_model: Path, tmp_path: Path) -> None:
    # given an evaluation with one row over its limit
    data = rows(3)
    data[1]["messages"][0]["content"] = "late " * 200
    job = EvaluateJob(model=ModelSpec(path=tiny_model, precision="fp32"), max_length=100)
    directory = write_job(tmp_path / "job", job, rows=data)
    # then bad data has its exit code, and the record names the row
    assert run_process(directory) == ExitCode.BAD_DATA
    (problem,) = _failure(directory).problems
    assert problem.startswith("r1: ")


def test_an_adapter_folder_without_adapter_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    # given an evaluation with an adapter whose training never ended
    directory = _evaluation(tmp_path / "job", tiny_model, adapter=tmp_path / "nothing")
    # then that is said
    assert run_process(directory) == ExitCode.LACKING
    assert "is not an adapter" in _failure(directory).what


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"kind": "dance"}', "dance"),
        ('{"kind": "evaluate", "model": {"path": "m"}, "max_length": 9, "speed": 3}', "speed"),
        ("{", "JSON"),
        (None, "not a job directory"),
    ],
)
def test_a_request_that_is_none_is_refused(tmp_path: Path, text: str | None, words: str) -> None:
    # given a directory whose job.json is not one
    directory = tmp_path / "job"
    directory.mkdir()
    if text is not None:
        (directory / JOB_FILE).write_text(text)
    # then it is wrong use, and the failure says where
    assert run_process(directory) == ExitCode.WRONG_USE
    failure = _failure(directory)
    assert words in failure.what + failure.where
    assert str(directory) in failure.where


def test_without_arguments_it_explains_itself(capfd: pytest.CaptureFixture[str]) -> None:
    # given no directory, then the help says how it is called
    assert run_process() == ExitCode.WRONG_USE
    assert "python -m trainer JOB_DIR" in capfd.readouterr().err


def test_a_directory_held_by_another_process_is_refused(
    tiny_model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # given a job directory whose lock another process holds
    directory = _evaluation(tmp_path / "job", tiny_model)
    code = (
        "import fcntl, sys; file = open(sys.argv[1], 'a'); fcntl.flock(file, fcntl.LOCK_EX);"
        "print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-S", "-c", code, str(directory / LOCK_FILE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        holder.stdout.readline()
        # then this one leaves it alone and says so
        assert run_process(directory) == ExitCode.LACKING
        assert f"{directory} is held by process" in capfd.readouterr().err
        assert not (directory / "events.jsonl").exists()
    finally:
        holder.stdin.close()
        holder.wait(10)
    # and once the other is gone, by whatever death, the lock is free
    assert lock_owner(directory / LOCK_FILE) is None
    assert run_process(directory) == ExitCode.OK


def test_the_lock_names_its_owner(tmp_path: Path) -> None:
    # given a held directory
    with hold(tmp_path / LOCK_FILE):
        # then whoever asks learns which process it is
        assert lock_owner(tmp_path / LOCK_FILE) == os.getpid()
    assert lock_owner(tmp_path / LOCK_FILE) is None


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own of 24 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("a small file system needs the right to mount one")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def _size(folder: Path) -> int:
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*"))


@pytest.mark.parametrize("room", [0.2, 0.7])
def test_a_full_disk_ends_training_with_what_to_do_and_a_rerun_goes_on(
    tiny_model: Path, small_disk: Path, undisturbed: Training, room: float
) -> None:
    # given a disk with room for two checkpoints and a part of the third: its adapter, or its optimizer too
    directory = write_training(small_disk / "job", tiny_model)
    checkpoint = _size(undisturbed.directory / "checkpoint-20")
    free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(free - int((2 + room) * checkpoint) - 40_000))
    # when it trains
    assert run_process(directory) == ExitCode.LACKING
    # then it says so and what to do, the good checkpoints are there, and no part of the bad one
    failure = _failure(directory)
    assert failure.what == "no space left on the device"
    assert "Free some space" in failure.fix
    assert not failure.traceback
    assert sorted(folder.name for folder in directory.glob("checkpoint-*")) == [
        "checkpoint-2",
        "checkpoint-4",
    ]
    assert not (directory / RESULT_FILE).exists()
    # and with space again the same command goes on to the same end
    ballast.unlink()
    assert run_process(directory) == ExitCode.OK
    assert_same_history(result_of(directory), undisturbed.result, tolerance=1e-3)
    assert trained_steps(read_events(directory / "events.jsonl"))[-16:] == list(range(5, 21))


def test_a_disk_too_full_for_the_failure_record_still_gives_the_exit_code(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a disk on which from the first checkpoint on nothing can be written, not even an event
    directory = write_training(tmp_path / "job", tiny_model, samples=0)
    import trainer.__main__ as process

    full = []

    def refuse(*args: Any, **kwargs: Any) -> None:
        full.append(True)
        raise OSError(errno.ENOSPC, "No space left on device")

    def write(writer: Any, event: Event) -> None:
        if full:
            refuse()

    monkeypatch.setattr(torch, "save", refuse)
    monkeypatch.setattr(process, "write_json", refuse)
    monkeypatch.setattr(process.EventWriter, "__call__", write)
    # then the exit code says what the record cannot
    assert run_process(directory) == ExitCode.LACKING


@pytest.mark.parametrize(
    ("error", "what", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "f"), "no space left", ExitCode.LACKING),
        (OSError(errno.EFBIG, "File too large", "f"), "no space left", ExitCode.LACKING),
        (RuntimeError("I/O error: No space left on device (os error 28)"), "no space left", 5),
        (OSError(errno.EROFS, "Read-only file system", "f"), "cannot be written or read: Read-only file system", 5),
        (PermissionError(errno.EACCES, "Permission denied", "f"), "cannot be written or read: Permission denied", 5),
        (RuntimeError("I/O error: Permission denied (os error 13)"), "cannot be written or read: I/O error", 5),
        (RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 576 vs 534"), "no space left", 5),
        (MemoryError(), "out of memory", 5),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"), "out of memory", 5),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), "out of memory", 5),
        (ModuleNotFoundError("No module named 'peft'", name="peft"), "package peft is not installed", 5),
        (RuntimeError("anything else"), "RuntimeError: anything else", 1),
    ],
)  # fmt: skip
def test_errors_are_told_apart(error: Exception, what: str, code: int) -> None:
    # given an error as a library raises it, then the record says in plain words what it was, and what to do
    failure = explain(error)
    assert what in failure.what
    assert failure.code == code
    assert failure.fix
    assert bool(failure.traceback) == (code == ExitCode.PROGRAM_FAULT)


def test_a_partial_line_of_a_killed_writer_spoils_nothing(tiny_model: Path, tmp_path: Path) -> None:
    # given an event file that ends in the middle of a line
    directory = _evaluation(tmp_path / "job", tiny_model)
    (directory / "events.jsonl").write_text(
        Logged(message="before").model_dump_json() + '\n{"type": "log", "mes'
    )
    # when the job is run
    assert run_process(directory) == ExitCode.OK
    # then all whole events are read, old and new
    kinds = [event.type for event in read_events(directory / "events.jsonl")]
    assert kinds[:2] == ["log", "job_started"]
    assert kinds[-1] == "job_finished"


@pytest.mark.parametrize("train", [True, False])
def test_a_dry_run_measures_rates_and_choices(tiny_model: Path, tmp_path: Path, train: bool) -> None:
    # given a measure job without a wish for precision or attention
    parameters = STANDARD.model_copy(update={"batch_size": 3, "micro_batch_size": 3})
    job = MeasureJob(
        model=ModelSpec(path=tiny_model), hyperparameters=parameters, generate_batch_size=4, train=train
    )
    directory = write_job(tmp_path / "job", job, train=rows(6))
    # when it runs
    run(directory)
    # then rates are positive, choices are made, and training figures are there when it was asked
    found = Measurement.model_validate_json((directory / RESULT_FILE).read_bytes())
    assert min(
        found.prefill_tokens_per_second, found.decode_tokens_per_second, found.evaluate_tokens_per_second
    ) > 0  # fmt: skip
    assert found.precision in ("fp32", "bf16")
    assert {found.attention_training, found.attention_generation} <= {"eager", "sdpa"}
    assert (found.train_tokens_per_second is not None) == train
    # and the rates of answering with an adapter are measured where there will be one
    tuned = (found.tuned_prefill_tokens_per_second, found.tuned_decode_tokens_per_second)
    assert all(rate is not None and rate > 0 for rate in tuned) if train else tuned == (None, None)
    assert found.micro_batch_size == (3 if train else None)
    assert found.longest_row_tokens == max(
        len(example.ids) for example in _examples(tiny_model, directory / "train.jsonl")
    )


@pytest.mark.parametrize("after", [0, 3, 8])
def test_a_dry_run_ends_before_its_next_piece_of_work_where_it_is_asked_to(
    tiny_model: Path, tmp_path: Path, after: int
) -> None:
    from trainer.errors import Stopped

    # given somebody who asks for a stop, sooner or later
    asked: list[bool] = []

    def should_stop() -> bool:
        asked.append(len(asked) >= after)
        return asked[-1]

    job = MeasureJob(
        model=ModelSpec(path=tiny_model), hyperparameters=STANDARD, generate_batch_size=2, train=True
    )
    directory = write_job(tmp_path / "job", job, train=rows(4))
    # when it runs
    with pytest.raises(Stopped):
        run(directory, should_stop)
    # then it asks no second time, and nothing says that it was done
    assert asked == [False] * after + [True]
    assert not (directory / RESULT_FILE).exists()


def _examples(model: Path, path: Path) -> list[Any]:
    from trainer.batches import read_examples
    from trainer.conversation import ChatCodec

    return read_examples(path, ChatCodec.of(model), 256)


def test_measured_choices_survive_a_resume(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a training with precision `auto` that was stopped where bf16 paid
    from trainer_jobs import stop_after

    from trainer import model as model_module
    from trainer.errors import Stopped

    monkeypatch.setattr(model_module, "_bf16_pays_on_cpu", lambda: True)
    directory = write_training(tmp_path / "job", tiny_model, samples=0, precision="auto")
    should_stop, events = stop_after(3)
    with pytest.raises(Stopped):
        run(directory, should_stop, events.append)
    # when it goes on at a moment when it seems not to
    monkeypatch.setattr(model_module, "_bf16_pays_on_cpu", lambda: False)
    run(directory)
    # then it computes as it had begun
    assert result_of(directory).precision == "bf16"
