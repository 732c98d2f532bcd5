"""The built wheel: what is tested in the checkout must also arrive with those who install it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGES = ("advisor", "trainer", "rubrics")


def run_in(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = run_in(
        folder, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(REPOSITORY)
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's packages in a folder of their own; what they need is the environment's."""
    folder = tmp_path_factory.mktemp("installed")
    pip = ("-m", "pip", "install", "--no-deps", "--no-index", "--quiet", "--target", str(folder), str(wheel))
    done = run_in(folder, *pip)
    assert done.returncode == 0, done.stderr
    return folder


def advisor(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_in(folder, "-m", "advisor", *arguments, PYTHONPATH=str(installed), PYTHONSAFEPATH="1")


def test_every_file_of_the_packages_is_in_the_wheel_and_nothing_else(wheel: Path) -> None:
    wanted = {
        path.relative_to(REPOSITORY).as_posix()
        for package in PACKAGES
        for path in (REPOSITORY / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }

    found = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}

    assert found == wanted
    assert {
        "advisor/report/schema.json",
        "rubrics/verdict.yaml",
        "rubrics/judging/answer.yaml",
        "advisor/examples/desk.jsonl",
        "advisor/examples/guard.jsonl",
    } <= found
    assert {f"{package}/py.typed" for package in PACKAGES} <= found


def test_the_command_is_installed_under_its_name(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    entry_points = next(name for name in archive.namelist() if name.endswith("entry_points.txt"))

    assert "advisor = advisor.__main__:main" in archive.read(entry_points).decode()


def test_the_installed_packages_are_those_of_the_wheel(installed: Path, tmp_path: Path) -> None:
    code = "import advisor, rubrics, trainer; print(advisor.__file__, rubrics.__file__, trainer.__file__)"

    shown = run_in(tmp_path, "-c", code, PYTHONPATH=str(installed))

    assert shown.returncode == 0, shown.stderr
    assert all(path.startswith(str(installed)) for path in shown.stdout.split())


def test_the_rubric_arrives(installed: Path, tmp_path: Path) -> None:
    done = advisor(installed, tmp_path, "assess", "--answer", "creative=yes", "--json")

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["outcome"], len(found["criteria"])) == ("unsuited", 10)


def test_the_help_topics_arrive(installed: Path, tmp_path: Path) -> None:
    done = advisor(installed, tmp_path, "help", "--json")

    assert done.returncode == 0, done.stderr
    topics = {path.stem for path in (REPOSITORY / "advisor/help").glob("*.md")}
    assert topics
    assert set(json.loads(done.stdout)["topics"]) == topics


def test_data_is_checked_by_the_rules_that_arrive(installed: Path, tmp_path: Path) -> None:
    example = installed / "advisor/examples/desk.jsonl"

    done = advisor(installed, tmp_path, "data", "check", str(example), "--json")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"] == len(example.read_text(encoding="utf-8").splitlines())


def test_the_schema_arrives_where_it_is_read(installed: Path, tmp_path: Path) -> None:
    code = (
        "import json, importlib.resources as r;"
        "print(json.loads((r.files('advisor.report') / 'schema.json').read_text())['$schema'])"
    )

    shown = run_in(tmp_path, "-c", code, PYTHONPATH=str(installed))

    assert shown.stdout.strip() == "https://json-schema.org/draft/2020-12/schema", shown.stderr
