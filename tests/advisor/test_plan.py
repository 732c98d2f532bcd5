"""The plan: every flag arrives in it, it survives its file and its command, and every fault of it is named."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import advisor.walk  # noqa: F401 - loaded here, so that the first test does not pay for it
from advisor.cli.options import BASELINE_FLAGS, OUTPUT_OPTIONS, PLAN_OPTIONS, RUN_FLAGS, TRAIN_FLAGS
from advisor.display import Silent
from advisor.interrupt import Interrupted
from advisor.plan import RUNGS, Plan, flag_of, make_plan, read_plan
from advisor.run_directory import RunDirectory
from rubrics.errors import ExitCode, Fault
from rubrics.suitability import load_criteria

DATA = {"data": "rows.jsonl"}
HERE = Path.cwd()

FLAGS: dict[str, tuple[dict[str, Any], list[str], dict[str, Any]]] = {
    "config": ({}, ["--config", "some/advisor.toml"], {"data": HERE / "some/rows.jsonl", "rank": 3}),
    "data": ({}, ["--data", "rows.jsonl"], {"data": HERE / "rows.jsonl"}),
    "train": ({"test": "s.jsonl"}, ["--train", "rows.jsonl"], {"train": HERE / "rows.jsonl"}),
    "dev": ({"train": "t.jsonl", "test": "s.jsonl"}, ["--dev", "d.jsonl"], {"dev": HERE / "d.jsonl"}),
    "test": ({"train": "t.jsonl"}, ["--test", "s.jsonl"], {"test": HERE / "s.jsonl"}),
    "production": (DATA, ["--production", "u.jsonl"], {"production": HERE / "u.jsonl"}),
    "task": (DATA, ["--task", "Route it\n\nA: a"], {"task": "Route it\n\nA: a"}),
    "metric": (DATA, ["--metric", "token_f1"], {"metric": "token_f1"}),
    "schema_file": (DATA, ["--schema", "schema.json"], {"schema_file": HERE / "schema.json"}),
    "pattern": (DATA, ["--pattern", r"SK-\d+|none"], {"pattern": r"SK-\d+|none"}),
    "tolerance": (DATA, ["--tolerance", "1%"], {"tolerance": "1%"}),
    "target": (DATA, ["--target", "0.9"], {"target": 0.9}),
    "min_gain": (DATA, ["--min-gain", "0.02"], {"min_gain": 0.02}),
    "margin": (DATA, ["--margin", "0.01"], {"margin": 0.01}),
    "guard": (DATA, ["--guard", "u.jsonl"], {"guard": HERE / "u.jsonl"}),
    "guard_margin": ({**DATA, "guard": "default"}, ["--guard-margin", "0.03"], {"guard_margin": 0.03}),
    "learning_curve": (DATA, ["--learning-curve"], {"learning_curve": True}),
    "answer": (
        DATA,
        ["--answer", "creative=no", "--answer", "domain=yes"],
        {"answers": {"creative": "no", "domain": "yes"}},
    ),
    "model": (DATA, ["--model", "some/model"], {"model": "some/model"}),
    "endpoint": ({**DATA, "endpoint_model": "m"}, ["--endpoint", "http://e/v1"], {"endpoint": "http://e/v1"}),
    "endpoint_model": ({**DATA, "endpoint": "http://e"}, ["--endpoint-model", "m"], {"endpoint_model": "m"}),
    "rungs": (DATA, ["--rungs", "few_shot, classifier"], {"rungs": ("classifier", "few_shot")}),
    "prompt_file": (DATA, ["--prompt-file", "p.txt"], {"prompt_file": HERE / "p.txt"}),
    "method": (DATA, ["--method", "qlora"], {"method": "qlora"}),
    "epochs": (DATA, ["--epochs", "2.5"], {"epochs": 2.5}),
    "rank": (DATA, ["--rank", "4"], {"rank": 4}),
    "learning_rate": (DATA, ["--learning-rate", "2e-4"], {"learning_rate": 2e-4}),
    "max_length": (DATA, ["--max-length", "300"], {"max_length": 300}),
    "batch_size": (DATA, ["--batch-size", "3"], {"batch_size": 3}),
    "precision": (DATA, ["--precision", "fp32"], {"precision": "fp32"}),
    "price": (DATA, ["--price", "0.15,0.60"], {"price": (0.15, 0.6)}),
    "tuned_price": (DATA, ["--tuned-price", "0,0"], {"tuned_price": (0.0, 0.0)}),
    "training_cost": (DATA, ["--training-cost", "40"], {"training_cost": 40.0}),
    "labelling_cost": (DATA, ["--labelling-cost", "0"], {"labelling_cost": 0.0}),
    "hosting_per_month": (DATA, ["--hosting-per-month", "90.5"], {"hosting_per_month": 90.5}),
    "retraining_per_month": (DATA, ["--retraining-per-month", "5"], {"retraining_per_month": 5.0}),
    "value_per_correct": (DATA, ["--value-per-correct", "0.2"], {"value_per_correct": 0.2}),
    "requests_per_month": (DATA, ["--requests-per-month", "1e5"], {"requests_per_month": 1e5}),
    "horizon_months": (DATA, ["--horizon-months", "6"], {"horizon_months": 6.0}),
    "max_minutes": (DATA, ["--max-minutes", "12"], {"max_minutes": 12.0}),
    "force_train": (DATA, ["--force-train"], {"force_train": True}),
    "no_train": (DATA, ["--no-train"], {"no_train": True}),
    "overruled": (
        DATA,
        ["--force-train", "--because", "we own the rows"],
        {"force_train": True, "overruled": "we own the rows"},
    ),
    "require": (
        DATA,
        ["--require", "improved", "--require", "verdict:FINE_TUNE"],
        {"require": ("improved", "verdict:FINE_TUNE")},
    ),
    "cluster_field": (DATA, ["--cluster-field", "customer"], {"cluster_field": "customer"}),
    "slices": (DATA, ["--slice", "channel", "--slice", "a b"], {"slices": ("channel", "a b")}),
    "seed": (DATA, ["--seed", "7"], {"seed": 7}),
}
"""Of each flag: what else the plan needs, the words on the command line, the fields of the plan then."""

Planned = Callable[..., Plan]


@pytest.fixture
def planned(advisor: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Planned:
    """The plan that a command line arrives at: parsed, written into a run directory, read back from there."""

    def call(*words: str, command: str = "run") -> Plan:
        seen: list[Plan] = []

        def note(plan: Plan, run: RunDirectory, *rest: Any, **more: Any) -> None:
            seen.append(plan)
            raise Interrupted

        monkeypatch.setattr("advisor.walk.walk", note)
        monkeypatch.setattr("advisor.walk.train_only", note)
        out = tmp_path / f"run-{len(list(tmp_path.iterdir()))}"
        ran = advisor(command, *words, "--out", out)
        assert ran.code == ExitCode.INTERRUPTED, ran.err
        return seen[0]

    return call


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder that the paths here are relative to; what stands in the files is nobody's concern here."""
    for name in (*"rtsdu", "rows", "--odd", "a 'quoted' name", "some/rows"):
        (tmp_path / f"{name}.jsonl").parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.jsonl").touch()
    (tmp_path / "p.txt").touch()
    (tmp_path / "schema.json").write_text("{}", encoding="utf-8")
    (tmp_path / "some/advisor.toml").write_text('data = "rows.jsonl"\nrank = 3\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)


def words_of(values: dict[str, Any]) -> list[str]:
    return [word for name, value in values.items() for word in (flag_of(name), str(value))]


def moved(value: Any, folder: Path) -> Any:
    return folder / value.relative_to(HERE) if isinstance(value, Path) else value


def test_the_table_has_a_case_for_every_flag_of_run():
    assert FLAGS.keys() == PLAN_OPTIONS.keys()
    assert set(RUN_FLAGS) == PLAN_OPTIONS.keys()


def test_the_table_sets_every_field_of_the_plan():
    assert {name for _, _, fields in FLAGS.values() for name in fields} == set(Plan.model_fields)


@pytest.mark.parametrize("name", FLAGS)
def test_every_flag_arrives_in_the_plan_and_changes_nothing_else(name, planned, tmp_path):
    companions, words, fields = FLAGS[name]

    plan = planned(*words_of(companions), *words)

    expected = {field: moved(value, tmp_path) for field, value in fields.items()}
    others = {
        field: (tmp_path / value if field in ("data", "train", "test") else value)
        for field, value in companions.items()
    }
    assert plan == Plan.model_validate({**others, **expected})
    assert all(getattr(plan, field) == value for field, value in expected.items())


@pytest.mark.parametrize(("command", "names"), [("baseline", BASELINE_FLAGS), ("train", TRAIN_FLAGS)])
def test_the_smaller_commands_take_only_what_means_something_to_them(command, names, advisor):
    for name, (_, words, _) in FLAGS.items():
        ran = advisor(command, *words, "--help")

        refused = ran.code == ExitCode.WRONG_USE and f"No such option: {words[0]}" in ran.err
        assert refused == (name not in names), (name, ran)


def test_baseline_never_trains_whatever_the_file_says(planned, tmp_path):
    config = tmp_path / "advisor.toml"
    config.write_text('data = "rows.jsonl"\nforce_train = true\n', encoding="utf-8")

    plan = planned("--config", str(config), command="baseline")

    assert plan.no_train
    assert not plan.force_train


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [(["--seed", "0"], "seed", 0), (["--target", "0"], "target", 0.0)],
)
def test_a_zero_on_the_command_line_wins_over_the_file(words, field, value, planned, tmp_path):
    config = tmp_path / "advisor.toml"
    config.write_text('data = "rows.jsonl"\nseed = 7\ntarget = 0.5\n', encoding="utf-8")

    plan = planned("--config", str(config), *words)

    assert getattr(plan, field) == value


@pytest.mark.parametrize("flag", ["--rank", "--epochs", "--min-gain", "--max-minutes", "--batch-size"])
def test_a_zero_that_makes_no_sense_is_refused_and_not_passed_over(flag, advisor, tmp_path):
    ran = advisor("run", "--data", "rows.jsonl", flag, "0", "--out", tmp_path / "run")

    assert ran.code == ExitCode.WRONG_USE
    assert f"{flag}: " in ran.err
    assert not (tmp_path / "run").exists()


def test_the_output_flags_are_where_the_result_goes(advisor, monkeypatch, tmp_path):
    taken: list[dict[str, Any]] = []

    def note(*, quiet: bool, json_events: bool) -> Any:
        taken.append({"quiet": quiet, "json_events": json_events})
        return Silent()

    def stop(*arguments: Any, **more: Any) -> None:
        raise Interrupted

    monkeypatch.setattr("advisor.display.display_for", note)
    monkeypatch.setattr("advisor.walk.walk", stop)
    cases = {
        (): {"quiet": False, "json_events": False},
        ("--json",): {"quiet": False, "json_events": False},
        ("--quiet",): {"quiet": True, "json_events": False},
        ("--json-events",): {"quiet": False, "json_events": True},
    }
    for number, (words, expected) in enumerate(cases.items()):
        out = tmp_path / str(number)

        ran = advisor("run", "--data", "rows.jsonl", "--out", out, *words)

        assert ran.code == ExitCode.INTERRUPTED
        assert (out / "plan.toml").is_file()
        assert taken[-1] == expected
        assert (f"run directory: {out}" in ran.err) == ("--quiet" not in words)
    assert {"out", "json_", "quiet", "json_events"} == OUTPUT_OPTIONS.keys()


text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
share = st.floats(0.001, 1)
plans = st.builds(
    Plan,
    data=st.just(Path("a folder/rows.jsonl")),
    task=text,
    metric=st.sampled_from(["auto", "exact_match", "token_f1"]),
    pattern=st.none() | text,
    tolerance=st.none() | st.sampled_from(["0", "0.5", "1%"]),
    target=st.none() | share,
    min_gain=share,
    answers=st.dictionaries(
        st.sampled_from([criterion.key for criterion in load_criteria()]),
        st.sampled_from(["yes", "no", "unknown"]),
    ),
    rungs=st.sets(st.sampled_from(RUNGS), min_size=1).map(tuple),
    prompt_file=st.none() | st.just(Path("-prompt.txt")),
    learning_rate=st.none() | share,
    epochs=st.none() | st.floats(0.01, 100),
    rank=st.integers(1, 1024),
    max_minutes=st.none() | st.floats(0.01, 1e6),
    price=st.none() | st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)),
    hosting_per_month=st.none() | st.floats(0, 1e9),
    no_train=st.booleans(),
    require=st.lists(st.sampled_from(["improved", "verdict:NOT_SUITED"]), max_size=2, unique=True).map(tuple),
    guard=st.none() | st.just("none") | st.just("default") | st.just(Path("g.jsonl")),
    seed=st.integers(0, 2**32 - 1),
)


@given(plans)
@example(Plan(data=Path("rows.jsonl"), task="one\r\ntwo\rthree\n", slices=("a\r\nb",)))
@settings(deadline=None)
def test_a_plan_is_the_same_after_its_file(plan):
    assert Plan.model_validate(tomllib.loads(plan.to_toml())) == plan


@pytest.mark.parametrize(
    "values",
    [
        DATA,
        {"train": "t.jsonl", "test": "a 'quoted' name.jsonl", "dev": "--odd.jsonl"},
        DATA | {"task": '-- begins with dashes\n\nHALYARD: $HOME, `x` and "y"\n\\'},
        DATA | {"target": 0.0, "require": ["target", "verdict:FIX_DATA"]},
        DATA | {"answers": {"creative": "no", "domain": "unknown"}, "learning_rate": 1e-5, "epochs": 0.1},
        DATA | {"endpoint": "http://e/v1", "endpoint_model": "-m", "rungs": ["few_shot"], "no_train": True},
        DATA | {"force_train": True, "margin": 0.01, "min_gain": 0.2, "method": "lora", "precision": "bf16"},
        DATA | {"guard": "default", "guard_margin": 0.0, "learning_curve": True},
        DATA | {"guard": "none"},
        DATA
        | {"price": [0.15, 0.6], "tuned_price": "0,1e-05", "training_cost": 0, "requests_per_month": 2e6},
        DATA
        | {"labelling_cost": 10.5, "hosting_per_month": 1, "retraining_per_month": 2, "horizon_months": 3},
        DATA | {"guard": "u.jsonl"},
        DATA
        | {
            "prompt_file": "p.txt",
            "production": "u.jsonl",
            "cluster_field": "customer id",
            "max_length": 8,
            "batch_size": 1,
            "rank": 1,
            "max_minutes": 0.5,
            "seed": 3,
        },
    ],
)
def test_the_command_of_a_plan_gives_the_same_plan(values, planned):
    plan = make_plan(values)

    words = shlex.split(plan.command())

    assert words[:2] == ["advisor", "run"]
    assert planned(*words[2:]) == plan.absolute()


def test_paths_in_a_file_are_relative_to_it_and_flags_to_where_one_stands(tmp_path, monkeypatch):
    (tmp_path / "deep/model").mkdir(parents=True)
    config = tmp_path / "deep/advisor.toml"
    config.write_text(
        'train = "t.jsonl"\ntest = "/abs/s.jsonl"\nprompt_file = "../p.txt"\nproduction = "u.jsonl"\nmodel = "model"\n'
        'schema_file = "s.json"\ntolerance = 0.5\nguard = "g.jsonl"\n',
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)

    plan = read_plan(config, {"dev": "d.jsonl"}).absolute()

    assert plan.train == tmp_path / "deep/t.jsonl"
    assert plan.test == Path("/abs/s.jsonl")
    assert plan.prompt_file == tmp_path / "p.txt"
    assert plan.schema_file == tmp_path / "deep/s.json"
    assert plan.tolerance == "0.5"
    assert plan.guard == tmp_path / "deep/g.jsonl"
    assert plan.production == tmp_path / "deep/u.jsonl"
    assert plan.dev == tmp_path / "d.jsonl"
    assert plan.model == str(tmp_path / "deep/model")


def test_a_model_name_that_is_no_path_stays_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert make_plan(DATA | {"model": "org/name"}).absolute().model == "org/name"


def refused(values: dict[str, Any], **more: Any) -> Fault:
    with pytest.raises(Fault) as raised:
        make_plan(values, **more)
    assert raised.value.code == ExitCode.WRONG_USE
    return raised.value


@pytest.mark.parametrize(
    ("values", "flags"),
    [
        ({}, ["--data", "--train"]),
        ({"test": "s.jsonl"}, ["--data", "--train"]),
        (DATA | {"train": "t.jsonl"}, ["--data", "--train"]),
        (DATA | {"dev": "t.jsonl"}, ["--data", "--dev"]),
        (DATA | {"test": "t.jsonl"}, ["--data", "--test"]),
        (DATA | {"endpoint": "http://e"}, ["--endpoint", "--endpoint-model"]),
        (DATA | {"endpoint_model": "m"}, ["--endpoint", "--endpoint-model"]),
        (DATA | {"force_train": True, "no_train": True}, ["--force-train", "--no-train"]),
        (DATA | {"require": ("target",)}, ["--require", "--target"]),
        (DATA | {"learning_curve": True, "no_train": True}, ["--learning-curve", "--no-train"]),
        (DATA | {"guard_margin": 0.1}, ["--guard-margin", "--guard"]),
        (DATA | {"guard_margin": 0.1, "guard": "none"}, ["--guard-margin", "--guard"]),
        (DATA | {"metric": "schema_validity"}, ["--metric schema_validity", "--schema"]),
        (DATA | {"metric": "format_adherence"}, ["--metric format_adherence", "--pattern"]),
    ],
)
def test_a_contradiction_names_its_flags(values, flags):
    fault = refused(values)

    assert all(flag in fault.what for flag in flags)


@pytest.mark.parametrize(
    ("field", "value", "hint"),
    [
        ("metric", "exact", "exact_match"),
        ("metric", "macro_f1", "label_match"),
        ("metric", "refusal_rate", "refusal_match"),
        ("tolerance", "wide", "1%"),
        ("tolerance", -0.5, "1%"),
        ("target", 1.5, "1.5"),
        ("target", "high", "high"),
        ("target", float("nan"), "nan"),
        ("min_gain", 0, "0"),
        ("min_gain", 1.1, "1.1"),
        ("margin", 0, "0"),
        ("answers", {"colour": "yes"}, "creative"),
        ("answers", {"creative": "maybe"}, "maybe"),
        ("rungs", ("zero_shot", "ten_shot"), "ten_shot"),
        ("rungs", (), "zero_shot"),
        ("method", "full", "qlora"),
        ("epochs", 0, "0"),
        ("epochs", float("nan"), "nan"),
        ("rank", 0, "0"),
        ("rank", 2.5, "2.5"),
        ("learning_rate", -1, "-1"),
        ("max_length", 7, "7"),
        ("batch_size", 0, "0"),
        ("precision", "fp16", "bf16"),
        ("price", "cheap", "0.15,0.60"),
        ("price", "1", "0.15,0.60"),
        ("price", "1,-2", "0.15,0.60"),
        ("price", "1,nan", "0.15,0.60"),
        ("price", [1, 2, 3], "0.15,0.60"),
        ("price", 5, "5"),
        ("tuned_price", "", "0.15,0.60"),
        ("training_cost", -1, "-1"),
        ("requests_per_month", 0, "0"),
        ("horizon_months", 0, "0"),
        ("max_minutes", 0, "0"),
        ("max_minutes", float("inf"), "inf"),
        ("require", ("verdict:MAYBE",), "FINE_TUNE"),
        ("require", ("better",), "improved"),
        ("seed", -1, "-1"),
        ("seed", 2**32, str(2**32)),
    ],
)
def test_a_bad_value_names_its_flag_and_what_was_found(field, value, hint):
    fault = refused(DATA | {field: value})

    assert fault.what.startswith(flag_of(field))
    assert hint in fault.what
    assert "advisor run --help" in fault.fix


def test_everything_that_is_wrong_is_listed_at_once():
    fault = refused(
        {
            "metric": "bleu",
            "target": 2,
            "rank": 0,
            "endpoint": "http://e",
            "force_train": True,
            "no_train": True,
        }
    )

    assert "6 things" in fault.what
    listed = "\n".join(fault.problems)
    for flag in ("--metric", "--target", "--rank", "--endpoint", "--force-train", "--data"):
        assert flag in listed


@pytest.mark.parametrize("require", [5, "target", [["target"]]])
def test_a_file_may_hold_nonsense_where_a_list_belongs(require):
    assert refused(DATA | {"require": require}, source="advisor.toml").code == ExitCode.WRONG_USE


def test_an_unknown_field_of_a_file_is_named_with_those_that_exist(tmp_path):
    config = tmp_path / "advisor.toml"
    config.write_text('data = "rows.jsonl"\nlr = 0.1\n', encoding="utf-8")

    with pytest.raises(Fault, match=r"lr: no such field; known are .*learning_rate") as raised:
        read_plan(config)

    assert raised.value.where == str(config)


def test_of_a_file_with_flags_the_flag_is_named_that_is_wrong(tmp_path):
    config = tmp_path / "advisor.toml"
    config.write_text('data = "rows.jsonl"\nrank = 0\n[answers]\ncreative = "perhaps"\n', encoding="utf-8")

    with pytest.raises(Fault) as raised:
        read_plan(config, {"target": 3.0})

    names = {problem.partition(": ")[0] for problem in raised.value.problems}
    assert names == {"rank", "answers.creative", "--target"}


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "no such file"), (b"data = [", "not TOML"), (b"\xff\xfe", "cannot be read")],
)
def test_a_file_that_is_none_is_refused(content, said, tmp_path, advisor):
    config = tmp_path / "advisor.toml"
    if content is not None:
        config.write_bytes(content)

    ran = advisor("run", "--config", config, "--out", tmp_path / "run")

    assert ran.code == ExitCode.WRONG_USE
    assert said in ran.err
    assert str(config) in ran.err


def test_a_folder_in_place_of_the_file_is_refused(tmp_path, advisor):
    ran = advisor("run", "--config", tmp_path)

    assert (ran.code, "cannot be read" in ran.err) == (ExitCode.WRONG_USE, True)


@pytest.mark.parametrize("words", [["--bogus"], ["--rank", "many"], ["--data"], ["surplus"]])
def test_a_command_line_that_cannot_be_parsed_is_wrong_use(words, advisor):
    ran = advisor("run", "--data", "rows.jsonl", *words)

    assert ran.code == ExitCode.WRONG_USE
    assert words[0].lstrip("-") in ran.err
