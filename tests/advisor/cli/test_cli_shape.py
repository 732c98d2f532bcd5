"""What every command has in common: `--json`, `--quiet`, `--help` with an example, and messages in their places."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from advisor import __version__
from advisor.cli.app import app
from advisor.help import topics
from rubrics.errors import ExitCode, Fault

LATER = {"export", "serve", "tui"}
"""Commands of the contract that belong to later work: absent, not accepted and ignored."""

CONTRACT = {
    "demo", "run", "init", "assess", "data check", "data fix", "data convert", "data split", "baseline", "train", "evaluate", "compare", "report", "runs",
    "forecast", "attach", "resume", "stop", "models list", "models get", "doctor", "help", "decide",
}  # fmt: skip

BESIDE = {"judge", "delete"}
"""Commands added to those of the contract, which allows it."""


def commands(group: Any = None, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in (group or get_command(app)).commands.items():
        full = f"{path} {name}".strip()
        if hasattr(command, "commands"):
            yield from commands(command, full)
        else:
            yield full, command


COMMANDS = dict(commands())


def flags(command: Any) -> set[str]:
    return {flag for parameter in command.params for flag in parameter.opts}


def examples(command: Any) -> list[str]:
    return [
        line.partition("Example: ")[2] for line in (command.help or "").splitlines() if "Example: " in line
    ]


def test_the_commands_are_those_of_the_contract_as_far_as_they_exist():
    assert COMMANDS.keys() == CONTRACT | BESIDE
    assert not COMMANDS.keys() & LATER


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_prints_json_is_quiet_on_request_and_shows_an_example(name, advisor):
    ran = advisor(*name.split(), "--help")

    assert ran.code == 0
    assert "Example: advisor " + name in " ".join(ran.out.split())
    assert {"--json", "--quiet"} <= flags(COMMANDS[name])


@pytest.mark.parametrize("name", COMMANDS)
def test_the_example_uses_only_flags_that_exist(name):
    [example] = examples(COMMANDS[name])

    used = {word for word in shlex.split(example) if word.startswith("-")}
    assert used <= flags(COMMANDS[name])


@pytest.mark.parametrize("name", ["run", "train", "baseline", "evaluate"])
def test_the_working_commands_take_out_seed_and_events(name):
    assert {"--out", "--seed", "--json-events"} <= flags(COMMANDS[name])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_is(name):
    undescribed = [
        parameter.opts
        for parameter in COMMANDS[name].params
        if parameter.param_type_name == "option" and not parameter.help
    ]

    assert undescribed == []


def test_without_a_command_the_help_goes_to_stderr_as_wrong_use(advisor):
    ran = advisor()

    assert (ran.code, ran.out) == (ExitCode.WRONG_USE, "")
    assert "advisor demo" in ran.err


def test_the_version_is_a_result(advisor):
    assert advisor("--version").out == f"advisor {__version__}\n"


def test_an_unknown_command_is_wrong_use_with_a_hint(advisor):
    ran = advisor("asess")

    assert ran.code == ExitCode.WRONG_USE
    assert "assess" in ran.err


def test_every_topic_of_the_help_can_be_read(advisor):
    listed = advisor("help", "--json").json()["topics"]

    assert listed == topics()
    for topic in listed:
        assert advisor("help", topic).out.startswith("# ")
        assert advisor("help", topic, "--json").json()["topic"] == topic
    assert all(topic in advisor("help").out for topic in listed)


def test_an_unknown_topic_lists_the_known(advisor):
    ran = advisor("help", "nonsense")

    assert (ran.code, "exit-codes" in ran.err) == (ExitCode.WRONG_USE, True)


def test_the_help_names_only_flags_and_commands_that_exist(advisor):
    known = {flag for command in COMMANDS.values() for flag in flags(command)} | {"--help"}
    for topic in topics():
        text = advisor("help", topic).out
        assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) <= known, topic
        for words in re.findall(r"\badvisor ((?:data |models )?[a-z]+)", text):
            assert words in COMMANDS or words in {"help"}, (topic, words)


def test_a_fault_of_the_program_says_so_and_hides_the_traceback(advisor, monkeypatch):
    def broken(folder: Any) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("advisor.reading_runs.list_runs", broken)

    ran = advisor("runs")

    assert ran.code == ExitCode.PROGRAM_FAULT
    assert "ZeroDivisionError: by zero" in ran.err
    assert "ADVISOR_DEBUG" in ran.err
    assert "Traceback" not in ran.err

    monkeypatch.setenv("ADVISOR_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        advisor("runs")


def test_many_problems_are_listed_up_to_a_page(advisor, monkeypatch):
    def refuse(folder: Any) -> None:
        raise Fault("wrong", where="rows.jsonl", fix="mend it", problems=[f"line {at}" for at in range(50)])

    monkeypatch.setattr("advisor.reading_runs.list_runs", refuse)

    lines = advisor("runs").err.splitlines()

    assert lines[0] == "error: rows.jsonl: wrong"
    assert lines[-1] == "what to do: mend it"
    assert lines[-2].startswith("  and 30 more")
    assert len(lines) == 23


def test_control_c_leaves_no_traceback(advisor, monkeypatch):
    def interrupt(folder: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("advisor.reading_runs.list_runs", interrupt)

    ran = advisor("runs")

    assert (ran.code, ran.out) == (ExitCode.INTERRUPTED, "")
    assert "Traceback" not in ran.err


def test_a_reader_that_leaves_early_is_no_fault(tmp_path):
    big = {"n": 1, "text": "x" * 2_000_000}
    (tmp_path / "big.json").write_text(json.dumps(big), encoding="utf-8")
    code = "import sys; from advisor.cli.show import out; from advisor import __main__ as m\n"
    code += "import advisor.help; advisor.help.read_topic = lambda name: 'line\\n' * 500_000\n"
    code += "sys.argv = ['advisor', 'help', 'start']; m.main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None

    process.stdout.readline()
    process.stdout.close()

    assert process.stderr.read() == ""
    assert process.wait(timeout=20) == 0
    process.stderr.close()
