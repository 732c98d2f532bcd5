"""What a command loads: asking whether to fine-tune must not cost the seconds that torch takes to import."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

MODEL_LIBRARIES = {
    "torch",
    "transformers",
    "datasets",
    "evaluate",
    "peft",
    "accelerate",
    "bitsandbytes",
    "tensorflow",
}
HEAVY = MODEL_LIBRARIES | {
    "numpy",
    "scipy",
    "sklearn",
    "pandas",
    "pydantic",
    "openai",
    "textual",
    "rich",
    "yaml",
    "jinja2",
    "tokenizers",
    "huggingface_hub",
    "jsonschema",
}

_RUN_AND_TELL = """
import json, sys
sys.argv[0] = "advisor"
from advisor.__main__ import main
try:
    main()
    code = 0
except SystemExit as leaving:
    code = leaving.code or 0
loaded = sorted({name.partition(".")[0] for name in sys.modules})
print("\\n" + json.dumps({"code": code, "loaded": loaded}), file=sys.stderr)
"""


def loaded_by(*arguments: str, cwd: Path) -> set[str]:
    """Top-level packages in memory once the command has ended well."""
    done = subprocess.run(
        [sys.executable, "-c", _RUN_AND_TELL, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stderr.splitlines()[-1])
    assert found["code"] == 0, done.stderr
    assert "advisor" in found["loaded"]
    return set(found["loaded"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files for every command that works without a model."""
    folder = tmp_path_factory.mktemp("files")
    rows = [{"question": f"where is parcel number {at}", "answer": f"depot {at % 4}"} for at in range(80)]
    answers = [{"id": f"r{at}", "prediction": f"a{at % 3}"} for at in range(20)]
    others = [
        {"question": f"who signs form {at} of the customs office", "answer": "depot 1"} for at in range(80)
    ]
    for name, lines in {"rows": rows, "others": others, "answers": answers}.items():
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    references = "".join(json.dumps({"id": f"r{at}", "answer": f"a{at % 2}"}) + "\n" for at in range(20))
    (folder / "references.jsonl").write_text(references, encoding="utf-8")
    inputs = {
        "task": {"metric": "exact_match", "min_gain": 0.05},
        "suitability": {"outcome": "suited", "score": 3, "criteria": []},
        "data": {"rows": 500, "findings": [], "splits": {"train": 350, "dev": 50, "test": 100}},
        "baselines": [
            {
                "rung": "zero_shot",
                "split": split,
                "n": n,
                "metrics": {"exact_match": {"value": 0.4, "low": 0.3, "high": 0.5}},
                "selected": True,
            }
            for split, n in (("dev", 50), ("test", 100))
        ],
    }
    (folder / "inputs.json").write_text(json.dumps(inputs), encoding="utf-8")
    return folder


@pytest.mark.parametrize("arguments", [("--help",), ("--version",)])
def test_the_help_loads_nothing_heavy(arguments: tuple[str, ...], folder: Path) -> None:
    loaded = loaded_by(*arguments, cwd=folder)

    assert loaded & HEAVY == set()


@pytest.mark.parametrize(
    "arguments",
    [
        "assess --answer creative=no --json",
        "assess",
        "data check rows.jsonl --json",
        "data check rows.jsonl --against others.jsonl --prompt-only --json",
        "data check rows.jsonl --production others.jsonl",
        "data fix rows.jsonl -o fixed.jsonl --all-safe --rule leaks,near-duplicates --against others.jsonl",
        "data convert rows.jsonl --to gemini -o converted.jsonl --json",
        "data split rows.jsonl -o parts",
        "decide --inputs inputs.json --json",
        "runs",
        "help verdict",
        "init --data rows.jsonl --quiet",
        "evaluate --predictions answers.jsonl --references references.jsonl --metric exact_match,token_f1",
        "compare answers.jsonl answers.jsonl --references references.jsonl --metric token_f1",
        "evaluate --predictions answers.jsonl --references references.jsonl --metric auto,rouge_l,chrf",
    ],
)
def test_a_command_without_a_model_never_loads_the_libraries_of_models(arguments: str, folder: Path) -> None:
    loaded = loaded_by(*arguments.split(), cwd=folder)

    assert loaded & MODEL_LIBRARIES == set()


def test_assess_does_without_numbers_and_screens(folder: Path) -> None:
    loaded = loaded_by("assess", "--answer", "creative=yes", "--json", cwd=folder)

    assert loaded & {"numpy", "scipy", "sklearn", "openai", "textual", "tokenizers"} == set()


def test_the_first_screen_loads_only_what_it_shows(folder: Path) -> None:
    code = (
        "import advisor.tui.start, advisor.tui.app, advisor.tui.home, advisor.tui.steps.task, advisor.cli.terminal\n"
        "import sys; print('\\n'.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )

    loaded = set(done.stdout.split())
    assert "advisor.tui.steps.task.step" in loaded
    assert loaded & {"typer", "numpy", "scipy", "yaml", "jinja2", "textual_plot"} == set()
    assert (
        loaded & {"rubrics.scoring", "trainer.events", "advisor.walk", "advisor.watching", "advisor.data"}
        == set()
    )
