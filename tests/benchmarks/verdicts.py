"""The panel of planted situations, answered by this program and by `soup advise run`; writes verdicts.md.

    python tests/benchmarks/verdicts.py --soup VENV/bin/soup --data SHARED_DATA

soup (soup-cli on the package index) takes rows and a one-line goal, and answers PROMPT_ENG, RAG, SFT, DPO or GRPO.
It gets real rows of the shared data that show the situation, and the goal in the person's words. Two countings:

- expressible: only situations whose facts can be put into rows and goal, and whose right answer is among soup's;
- all: every situation before training. Where soup has no word for the right answer (collect, mend, not suited), it
  counts as right when it does not advise training, which is the harm that such a situation holds.

Measured here: soup 0.77.0, without its live probe, which needs a model and scores no person's prompt or endpoint.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests" / "rubrics")]

from panel import cases, decide_inputs  # noqa: E402

ROWS = 400
# What soup may answer for each of this program's outcomes; None: it has no word for it.
WORDS = {
    "FINE_TUNE": {"SFT"},
    "PROMPT_IS_ENOUGH": {"PROMPT_ENG"},
    "USE_RETRIEVAL": {"RAG"},
    "NOT_SUITED": {"PROMPT_ENG"},
}
TRAINS = {"SFT", "DPO", "GRPO"}


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def first_text(row: dict[str, Any], *names: str) -> str:
    """The first of these fields that holds a text, or the first text of a list."""
    for name in names:
        value = row.get(name)
        if isinstance(value, list) and value:
            value = value[0] if isinstance(value[0], str) else value[0].get("output", "")
        if isinstance(value, str) and value:
            return value
    return ""


SOURCES = {
    "labels": ("classification/banking77_train.jsonl", ("input", "text", "question"), ("output", "label", "answer")),
    "medical": ("domain/pubmedqa_pqal.jsonl", ("input",), ("output", "answer", "label")),
    "slots": ("output_format/restaurant8k_train3.jsonl", ("input",), ("output",)),
    "facts": ("dynamic/nq_open_dev.jsonl", ("input",), ("answers",)),
    "creative": ("creative/self_instruct_user_oriented.jsonl", ("instruction",), ("output", "instances")),
    "chat": ("korean/songys_chatbot.jsonl", ("input",), ("output",)),
}  # fmt: skip


def rows_for(soup: dict[str, Any], data: Path) -> list[dict[str, str]]:
    """Real rows that show the situation, seeded."""
    draw = random.Random(0)
    kind = {"skewed": "labels", "conflicting": "labels"}.get(soup["rows"], soup["rows"])
    file, prompts, answers = SOURCES[kind]
    rows = [
        {"prompt": first_text(row, *prompts), "completion": first_text(row, *answers)}
        for row in read(data / file)
    ]
    rows = [row for row in rows if row["prompt"] and row["completion"]]
    draw.shuffle(rows)
    rows = rows[: soup.get("count", ROWS)] * soup.get("copies", 1)
    labels = sorted({row["completion"] for row in rows})
    if soup["rows"] == "skewed":
        return [
            row | {"completion": labels[0] if draw.random() < 0.95 else row["completion"]} for row in rows
        ]
    if soup["rows"] == "conflicting":
        return rows + [row | {"completion": draw.choice(labels)} for row in rows[: len(rows) // 2]]
    noise = soup.get("noise", 0.0)
    return [row | {"completion": draw.choice(labels)} if draw.random() < noise else row for row in rows]


def ask_soup(program: Path, soup: dict[str, Any], data: Path) -> str:
    """What soup chooses for these rows and this goal; its home folder is empty, so that no history weighs in."""
    with tempfile.TemporaryDirectory() as folder:
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows_for(soup, data))
        (Path(folder) / "rows.jsonl").write_text("".join(lines), encoding="utf-8")
        ran = subprocess.run(
            [str(program.absolute()), "advise", "run", "rows.jsonl", "--goal", soup["goal"]],
            cwd=folder, capture_output=True, text=True, check=False,
            env={"HOME": folder, "PATH": "/usr/bin:/bin", "NO_COLOR": "1", "COLUMNS": "200"},
        )  # fmt: skip
    found = re.search(r"Choice:\s+([A-Z_]+)", ran.stdout)
    if found is None:
        raise SystemExit(f"soup gave no verdict: {ran.stdout}{ran.stderr}")
    return found.group(1)


def ask_advisor(case: dict[str, Any]) -> tuple[str, str, float]:
    """Outcome, rule and processor seconds of `advisor decide`, as a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "inputs.json"
        path.write_text(json.dumps(decide_inputs(case)), encoding="utf-8")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        ran = subprocess.run(
            [sys.executable, "-m", "advisor", "decide", "--inputs", str(path), "--json"],
            capture_output=True, text=True, check=True, cwd=REPOSITORY,
        )  # fmt: skip
    found = json.loads(ran.stdout)
    part = found.get("comparison") or found["verdict"]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return part["outcome"], part["rule"], took


def soup_is_right(choice: str, outcome: str) -> bool:
    """Whether the choice says the same, or at least does no harm where soup has no word for it."""
    return choice in WORDS[outcome] if outcome in WORDS else choice not in TRAINS


def main() -> None:
    """Ask both about every situation, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--soup", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".md"))
    options = parser.parse_args()
    lines, ours, theirs, asked, expressible, hits, seconds = [], 0, 0, 0, 0, 0, []
    ours_expressible = 0
    for case in cases("before"):
        expected, soup = case["expect"]["outcome"], case["soup"]
        outcome, rule, took = ask_advisor(case)
        choice = ask_soup(options.soup, soup, options.data)
        right, soup_right = (
            outcome == expected and rule == case["expect"]["rule"],
            soup_is_right(choice, expected),
        )
        missing = soup.get("missing") or ("" if expected in WORDS else "an outcome for this")
        seconds.append(took)
        asked, ours, theirs = asked + 1, ours + right, theirs + soup_right
        if not missing:
            expressible, hits, ours_expressible = expressible + 1, hits + soup_right, ours_expressible + right
        lines.append(
            f"| {case['id']} | {expected} | {outcome} ({rule}) {_mark(right)} | {choice} {_mark(soup_right)} | {missing} |"
        )
    after = [(case, ask_advisor(case)) for case in cases("after")]
    for case, (outcome, rule, took) in after:
        seconds.append(took)
        right = outcome == case["expect"]["outcome"] and rule == case["expect"]["rule"]
        lines.append(
            f"| {case['id']} | {case['expect']['outcome']} | {outcome} ({rule}) {_mark(right)} | not asked | "
            "the time after training |"
        )
    good = sum((o, r) == (c["expect"]["outcome"], c["expect"]["rule"]) for c, (o, r, _) in after)
    head = [
        "# Planted situations: advisor decide and soup advise run",
        "",
        "Written by `tests/benchmarks/verdicts.py`; how the situations are put to each, and how they are counted, is",
        "said there. The panel is `tests/rubrics/panel.yaml`, and its right answers were set by the authors of this",
        "program, so this shows what each tool can weigh, not how good its judgement is on tasks of others.",
        "",
        "| counting | advisor | soup 0.77.0 |",
        "|---|---|---|",
        f"| situations that soup can be told of, with an answer that it has | {ours_expressible}/{expressible} | {hits}/{expressible} |",
        f"| all situations before training | {ours}/{asked} | {theirs}/{asked} |",
        f"| situations after training | {good}/{len(after)} | not asked |",
        "",
        f"`advisor decide` took {sorted(seconds)[len(seconds) // 2]:.2f} s of processor time (median; at most "
        f"{max(seconds):.2f} s), start of the interpreter included.",
        "",
        "| situation | right | advisor | soup | what soup has no place for |",
        "|---|---|---|---|---|",
    ]
    options.out.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")
    print("\n".join(head[6:11]))


def _mark(right: bool) -> str:
    return "✓" if right else "✗"


if __name__ == "__main__":
    main()
