"""Divided files: rows as they were, groups whole, the same seed the same parts, and reasons where sizes differ."""

from __future__ import annotations

import json
import random
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from fuzz_examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisor.data.checking import check_file
from advisor.data.dividing import parsed_fractions, split_file
from advisor.data.rows import Message, Row
from advisor.data.splitting import groups_of
from rubrics.errors import ExitCode, Fault

NAMES = ("train", "dev", "test")


def lines(path: Path) -> list[dict[str, Any]]:
    return (
        [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    )


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def unlike(count: int, customers: int = 0) -> list[dict[str, Any]]:
    """Rows whose prompts share next to nothing."""
    letters = random.Random(3)
    words = ["".join(letters.choices("abcdefghijklmnopqrstuvwxyz", k=20)) for _ in range(count)]
    rows = [{"n": at, "question": word, "answer": f"label {at % 2}"} for at, word in enumerate(words)]
    return [{**row, "customer": f"c{row['n'] % customers}"} for row in rows] if customers else rows


def parts(folder: Path) -> dict[str, list[dict[str, Any]]]:
    return {name: lines(folder / f"{name}.jsonl") for name in NAMES}


@pytest.mark.parametrize("name", ["classification/banking77_test", "formats/openai_drone_training"])
def test_real_rows_come_out_as_they_went_in_and_do_not_leak(
    shared_data: Path, tmp_path: Path, name: str
) -> None:
    source = shared_data / f"{name}.jsonl"
    done = split_file(source, tmp_path / "parts", seed=4)
    found = parts(tmp_path / "parts")
    key = json.dumps
    assert sorted(map(key, chain.from_iterable(found.values()))) == sorted(map(key, lines(source)))
    for part, share in zip(NAMES, (0.7, 0.1, 0.2), strict=True):
        assert abs(done["sizes"][part] / done["rows"] - share) < 0.02
    assert done == json.loads((tmp_path / "parts" / "split.json").read_text())
    checked = check_file(tmp_path / "parts/test.jsonl", against=tmp_path / "parts/train.jsonl")
    assert [finding["count"] for finding in checked["findings"] if finding["check"] == "D4"] == [0]


def test_the_seed_decides(tmp_path: Path) -> None:
    source = write(tmp_path / "rows.jsonl", unlike(60))
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        split_file(source, tmp_path / folder, seed=seed)
    assert parts(tmp_path / "a") == parts(tmp_path / "b")
    assert parts(tmp_path / "a") != parts(tmp_path / "c")


rows_drawn = st.lists(
    st.tuples(st.text("abc ", min_size=1, max_size=9).filter(str.strip), st.sampled_from("ABCDEFGH")),
    min_size=12,
    max_size=40,
)


@settings(max_examples=examples(), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=rows_drawn, seed=st.integers(0, 3), by_field=st.booleans(), sized=st.booleans())
@pytest.mark.unmeasured
def test_no_group_is_ever_separated(
    tmp_path: Path, drawn: list[tuple[str, str]], seed: int, by_field: bool, sized: bool
) -> None:
    values = [{"n": at, "question": q, "answer": "yes", "who": who} for at, (q, who) in enumerate(drawn)]
    source = write(tmp_path / "rows.jsonl", values)
    field = "who" if by_field else ""
    rows = [
        Row(
            str(v["n"]),
            (Message(role="user", content=v["question"]),),
            "yes",
            group=v["who"] if by_field else "",
        )
        for v in values
    ]
    groups = groups_of(rows)
    sizes = {"dev": 2, "test": 3} if sized else None
    if len(groups) < 3:
        with pytest.raises(Fault) as caught:
            split_file(source, tmp_path / "parts", seed=seed, group_field=field, sizes=sizes, force=True)
        assert caught.value.code == ExitCode.BAD_DATA
        return
    done = split_file(source, tmp_path / "parts", seed=seed, group_field=field, sizes=sizes, force=True)
    part_of = {row["n"]: name for name, found in parts(tmp_path / "parts").items() for row in found}
    assert len(part_of) == len(values) == sum(done["sizes"].values())
    for group in groups:
        assert len({part_of[at] for at in group}) == 1
    assert (
        split_file(source, tmp_path / "parts", seed=seed, group_field=field, sizes=sizes, force=True) == done
    )


def test_rows_of_one_customer_stay_together(tmp_path: Path) -> None:
    source = write(tmp_path / "rows.jsonl", unlike(100, customers=20))
    done = split_file(source, tmp_path / "parts", group_field="customer")
    seen = [{row["customer"] for row in found} for found in parts(tmp_path / "parts").values()]
    assert all(seen)
    assert not seen[0] & seen[1] | seen[0] & seen[2] | seen[1] & seen[2]
    assert done["groups"] == {"several_rows": 20, "rows": 100, "largest": 5}


def test_a_row_without_the_group_field_is_named(tmp_path: Path) -> None:
    rows = [{**row, "who": "x"} for row in unlike(30)]
    del rows[6]["who"]
    with pytest.raises(Fault, match="who: expected") as caught:
        split_file(write(tmp_path / "rows.jsonl", rows), tmp_path / "parts", group_field="who")
    assert (caught.value.code, caught.value.where) == (ExitCode.BAD_DATA, "rows.jsonl:7")
    assert not (tmp_path / "parts").exists()


@pytest.mark.parametrize(
    ("sizes", "wanted", "left"),
    [
        ({"test": 20}, (80, 0, 20), 0),
        ({"dev": 10, "test": 20}, (70, 10, 20), 0),
        ({"train": 30, "test": 20}, (30, 0, 20), 50),
        ({"train": 50, "dev": 25, "test": 25}, (50, 25, 25), 0),
    ],
)
def test_sizes(tmp_path: Path, sizes: dict[str, int], wanted: tuple[int, ...], left: int) -> None:
    done = split_file(write(tmp_path / "rows.jsonl", unlike(100)), tmp_path / "parts", sizes=sizes)
    assert (tuple(done["sizes"].values()), done["left_out"]) == (wanted, left)
    assert [(tmp_path / "parts" / f"{name}.jsonl").exists() for name in NAMES] == [
        size > 0 for size in wanted
    ]


def test_fractions_without_a_dev(tmp_path: Path) -> None:
    done = split_file(
        write(tmp_path / "rows.jsonl", unlike(300)), tmp_path / "parts", fractions=(0.9, 0, 0.1)
    )
    assert done["sizes"] == {"train": 270, "dev": 0, "test": 30}


def test_a_group_too_large_for_its_share_is_explained(tmp_path: Path) -> None:
    rows = [{**row, "who": "one" if row["n"] < 85 else str(row["n"])} for row in unlike(100)]
    done = split_file(write(tmp_path / "rows.jsonl", rows), tmp_path / "parts", group_field="who")
    assert done["sizes"]["train"] >= 85
    assert any("a group of 85 rows" in reason for reason in done["reasons"])


def test_more_rows_than_there_are(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="200 rows are asked for") as caught:
        split_file(write(tmp_path / "rows.jsonl", unlike(100)), tmp_path / "parts", sizes={"test": 200})
    assert caught.value.code == ExitCode.BAD_DATA


def test_an_earlier_split_is_replaced_only_when_asked(tmp_path: Path) -> None:
    source = write(tmp_path / "rows.jsonl", unlike(100))
    split_file(source, tmp_path / "parts")
    with pytest.raises(Fault, match="not overwritten"):
        split_file(source, tmp_path / "parts", seed=1)
    split_file(source, tmp_path / "parts", sizes={"test": 10}, force=True)
    assert {name: len(found) for name, found in parts(tmp_path / "parts").items()} == {
        "train": 90,
        "dev": 0,
        "test": 10,
    }


@pytest.mark.parametrize("text", ["0.7,0.3", "a,b,c", "0.5,0.2,0.2", "-0.1,0.1,1", "0,0.5,0.5", "1,0,0", ""])
def test_fractions_that_are_none(text: str) -> None:
    with pytest.raises(Fault) as caught:
        parsed_fractions(text)
    assert (caught.value.code, caught.value.where) == (ExitCode.WRONG_USE, "--fractions")
