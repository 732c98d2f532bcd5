"""The health sheet: every rule has its line, lines keep to the width, and nothing is told by colour alone."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from advisor.cli.health import Asked, health_sheet, remedy
from advisor.data.checking import check_file
from advisor.data.fixes import BY_NAME
from rubrics.data_rules import RULE_IDS


def finding(check: str, severity: str = "warning", **more: Any) -> dict[str, Any]:
    values = {
        "check": check,
        "severity": severity,
        "count": 3,
        "message": f"message of {check}",
        "fix": "mend it",
    }
    return {**values, "rows": ["f:1", "f:4", "f:9"], "details": {}, "example": "", **more}


def found(*findings: dict[str, Any], labels: dict[str, int] | None = None) -> dict[str, Any]:
    histogram = [{"range": "0 to 1", "count": 3}, {"range": "2 to 4", "count": 7}]
    total = {"min": 1, "p5": 2, "p50": 3, "p95": 4, "max": 5}
    lengths = {
        "unit": "characters",
        **dict.fromkeys(("total", "prompt", "answer"), total),
        "histogram": histogram,
        "cuts": [
            {"max_length": 128, "rows": 1234, "share": 0.0456, "lost": 9, "lost_share": 0.1},
            {"max_length": 256, "rows": 0, "share": 0.0, "lost": 0, "lost_share": 0.0},
        ],
    }
    statistics = {"distinct_prompts": 9, "distinct_answers": 2, "labels": labels, "lengths": lengths}
    form = {"name": "openai", "evidence": "10 rows with messages"}
    return {"rows": 10, "format": form, "findings": list(findings), "statistics": statistics}


def text(result: dict[str, Any], width: int = 80, blocks: bool = True, **asked: Any) -> str:
    lines = health_sheet(result, Asked("rows.jsonl", **asked), width=width, blocks=blocks)
    return "\n".join(line.plain for line in lines)


@pytest.fixture(scope="module")
def real(shared_data: Path) -> dict[str, Any]:
    names = ("korean/songys_chatbot", "classification/banking77_train.chat")
    return {name: check_file(shared_data / f"{name}.jsonl") for name in names}


@pytest.mark.parametrize("width", [60, 80, 140, 200])
@pytest.mark.parametrize("blocks", [True, False])
def test_real_files_keep_to_the_width(real: dict[str, Any], blocks: bool, width: int) -> None:
    for name, result in real.items():
        lines = health_sheet(result, Asked(name), width=width, blocks=blocks)
        assert max(cell_len(line.plain) for line in lines) <= width


def test_every_rule_has_a_line_with_its_state_in_words() -> None:
    page = text(found(finding("D1"), finding("D5", "info"), finding("D7", "error")))
    states = {rule: next(line for line in page.splitlines() if f" {rule} " in line) for rule in RULE_IDS}
    assert "warning" in states["D1"]
    assert "hint" in states["D5"]
    assert "error" in states["D7"]
    assert "ok" in states["D9"]
    assert "skipped" in states["D4"]
    assert "--against" in states["D4"]
    assert "--production" in states["D8"]
    assert "ok" in next(line for line in text(found(), against="other").splitlines() if " D4 " in line)


def test_a_rule_with_several_findings_shows_the_gravest() -> None:
    page = text(found(finding("D10", "info"), finding("D10", "error")))
    assert "error" in next(line for line in page.splitlines() if " D10 " in line)
    assert "1 error, 1 hint" in page


def test_without_blocks_the_page_is_plain_text() -> None:
    page = text(found(finding("D1"), labels={"yes": 6, "no": 4}), blocks=False)
    assert page.isascii()
    assert "######" in page


def test_the_three_worst_come_with_what_to_do_errors_first() -> None:
    findings = [finding(f"D{at}", rows=[f"f:{row}" for row in range(at)]) for at in (1, 2, 3, 6)]
    page = text(found(*findings, finding("D5", "error"), finding("D12", "info")))
    blocks = page.partition("worst first")[2]
    order = [check for check in ("D5", "D6", "D3", "D2", "D1", "D12") if f"message of {check}" in blocks]
    assert order == ["D5", "D6", "D3"]
    assert blocks.index("message of D5") < blocks.index("message of D6") < blocks.index("message of D3")
    assert "2 more and 1 hint; each in full: advisor data check rows.jsonl --quiet" in " ".join(
        blocks.split()
    )
    assert "lines 0, 1, 2, 3, 4, 5" in blocks


def test_floods_are_folded_into_groups() -> None:
    details = {"pairs": 1_000_000, "groups": 2, "largest_group": 1500}
    page = text(found(finding("D2", count=1508, details=details)))
    assert "1,508 repeats in 2 groups (largest 1,500)" in page


def test_open_answers_that_differ_are_not_voted_on() -> None:
    assert "--rule" not in text(found(finding("D3")))
    assert "conflicts-majority" in text(found(finding("D3"), labels={"yes": 7, "no": 3}))


def test_a_check_that_found_nothing_says_so_and_is_no_hint() -> None:
    page = text(
        found(finding("D4", "info", count=0, message="no lexical leakage", rows=[])), against="test.jsonl"
    )
    assert "no findings" in page
    assert "ok" in next(line for line in page.splitlines() if "no lexical leakage" in line)


def test_no_drift_is_no_hint() -> None:
    same = finding("D8", "info", count=50, message="no drift seen (AUC 0.50)", fix="", rows=[])
    few = finding("D8", "info", count=9, message="9 rows are too few", fix="give more", rows=[])
    assert "no findings" in text(found(same), production="log.jsonl")
    assert "1 hint" in text(found(few), production="log.jsonl")


def test_a_sound_file_says_so() -> None:
    assert "nothing needs mending" in text(found())


def test_bars_show_shares_and_wide_labels_stay_aligned() -> None:
    page = text(found(labels={"환불 요청": 5, "no": 4, "배송": 1}))
    bars = [line for line in page.splitlines() if "%" in line][:3]
    assert len({cell_len(line[: line.index("%")]) for line in bars}) == 1
    assert ["50.0%" in bars[0], "10.0%" in bars[2]] == [True, True]
    assert bars[0].count("█") > bars[1].count("█") > bars[2].count("█") > 0


def test_lengths_of_prompt_and_answer_stand_below_those_of_the_row_and_tokens_show_what_a_maximum_cuts() -> (
    None
):
    given = found()
    given["statistics"]["lengths"]["answer"] = {"min": 7, "p5": 8, "p50": 9, "p95": 1000, "max": 2000}
    page = text(given)
    assert "of a prompt: min 1, p5 2, p50 3, p95 4, max 5" in page
    assert "of an answer: min 7, p5 8, p50 9, p95 1,000, max 2,000" in page
    assert "would cut" not in page  # characters: a maximum length counts tokens
    given["statistics"]["lengths"]["unit"] = "tokens"
    said = " ".join(text(given).split())
    assert "a maximum length of 128 would cut 1,234 rows (4.6%), of 256 would cut none" in said


def test_of_many_labels_the_frequent_and_the_rarest_are_shown() -> None:
    page = text(found(labels={f"label {at}": 100 - at for at in range(40)}))
    assert "label 0 " in page
    assert "label 39" in page
    assert "label 20" not in page


def test_text_from_the_file_cannot_write_on_the_screen() -> None:
    page = text(found(finding("D1", message="a \x1b[31mb\n c", example="\x07"), labels={"\x1b[2J": 10}))
    assert "\x1b" not in page
    assert "\x07" not in page


@pytest.mark.parametrize(
    ("given", "fix", "words"),
    [
        (finding("D1"), "duplicates", []),
        (finding("D4", details={"exact": 1, "near": 0}), "leaks", ["--against", "o p.jsonl"]),
        (
            finding("D7", details={"kind": "overlong"}),
            "too-long",
            ["--max-length", "9", "--model", "m"],
        ),
        (finding("D6", details={"kind": "variants of a label"}), "labels", []),
        (finding("D11"), "redact", []),
    ],
)
def test_the_proposed_command_is_one_that_works(given: dict[str, Any], fix: str, words: list[str]) -> None:
    asked = Asked("my rows.jsonl", against="o p.jsonl", model="m", max_length=9)
    command = shlex.split(" ".join(remedy(given, asked)))
    assert command == [
        "advisor",
        "data",
        "fix",
        "my rows.jsonl",
        "-o",
        "my rows.fixed.jsonl",
        "--rule",
        fix,
        *words,
    ]
    assert fix in BY_NAME


def test_where_only_a_person_can_mend_there_is_no_command() -> None:
    assert remedy(finding("D10"), Asked("rows.jsonl")) == []


def test_a_long_command_can_be_copied_from_the_page() -> None:
    asked = Asked("/a/long/path/" + "x y" * 14 + "/rows.jsonl")
    lines = [line.plain for line in health_sheet(found(finding("D1")), asked, width=80)]
    start = next(at for at, line in enumerate(lines) if line.strip().startswith("run"))
    command = "\n".join(line[15:] for line in lines[start:])
    # As a shell reads it: a backslash before a line end joins the lines.
    assert shlex.split(command.replace("\\\n", "")) == shlex.split(" ".join(remedy(finding("D1"), asked)))
