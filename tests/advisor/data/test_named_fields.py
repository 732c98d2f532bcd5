"""Fields that a person names: kept with the rows, as cluster or slice, and refused where no row has them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from advisor.clusters import shared_clusters
from advisor.data.reading import read_file
from advisor.data.rows import Row
from advisor.data.splitting import groups_of
from advisor.plan import make_plan
from advisor.plan_files import read_files
from rubrics.errors import ExitCode, Fault


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    rows = [
        {
            "question": f"{chr(97 + at) * 9} {at}",
            "answer": "x",
            "customer": at // 3,
            "open": at > 4,
            "tags": ["a"],
        }
        for at in range(9)
    ]
    del rows[8]["customer"]
    path = tmp_path / "desk.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_plain_fields_come_with_the_rows_and_lists_do_not(desk: Path):
    rows = read_file(desk, with_fields=True).rows

    assert read_file(desk).rows[0].fields == ()
    assert rows[0].fields == (("customer", "0"), ("open", "false"))
    assert Row.from_json(json.loads(json.dumps(rows[0].to_json()))) == rows[0]


def test_the_plan_keeps_what_it_names(desk: Path):
    plan = make_plan({"data": desk, "cluster_field": "customer", "slices": ("open",)})

    rows = read_files(plan)["data"].rows

    assert [row.group for row in rows] == ["0"] * 3 + ["1"] * 3 + ["2"] * 2 + [""]
    assert rows[5].fields == (("open", "true"),)
    assert sorted(map(len, groups_of(rows))) == [1, 2, 3, 3]
    assert read_files(make_plan({"data": desk}))["data"].rows[0].fields == ()


@pytest.mark.parametrize(("flag", "value"), [("cluster_field", "custmer"), ("slices", ("custmer",))])
def test_a_field_that_no_row_has_is_refused_with_those_there_are(desk: Path, flag: str, value: object):
    with pytest.raises(Fault) as raised:
        read_files(make_plan({"data": desk, flag: value}))

    assert raised.value.code == ExitCode.WRONG_USE
    assert "Did you mean customer?" in raised.value.fix
    assert str(desk) in raised.value.where


def test_named_clusters_count_alone_and_near_duplicates_where_none_is_named():
    twin = "please send me a new card since the old one is broken"
    texts = [twin, twin + "!", "where is my parcel number seven", "the router blinks red since monday"]
    plain = [Row(f"t{at}", ({"role": "user", "content": text},), "x") for at, text in enumerate(texts)]
    named = [Row(row.id, row.messages, "x", group=group) for row, group in zip(plain, "abb", strict=False)]

    assert shared_clusters(plain) == {"t0": "like t0", "t1": "like t0"}
    assert shared_clusters(named) == {"t1": "b", "t2": "b"}
    assert shared_clusters([]) == {}
