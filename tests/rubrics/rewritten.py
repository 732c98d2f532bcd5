"""Reports written anew with one number changed, by somebody who knows nothing of how the program moves numbers.

The search for flips moves numbers inside its own objects. Here the report is changed as a person would change it, so
that a flip is held against what the rules say of another report and not against the search that found it.
"""

from __future__ import annotations

import copy
import math
from typing import Any

Report = dict[str, Any]
DIRECT = {
    "discordance", "churn", "deviation", "probe.high", "agreement.judge", "agreement.people", "agreement.label_error",
    "task.target", "task.min_gain", "task.margin", "prices.training", "failures.format", "failures.missing_fact",
    "failures.wrong_pattern", "failures.bad_label", "data.splits.train", "data.labels.rarest", "data.labels.missing",
}  # fmt: skip
OF_ROWS = {"D1": "rows", "D3": "rows", "D4": "test", "D5": "rows"}


def rewritten(report: Report, field: str, value: float, *, up: bool, metric: str) -> Report:
    """The report with the number of this field at this value.

    Args:
        up: a count that would not be whole is taken the next one up, else down.
    """
    changed = copy.deepcopy(report)
    if field in DIRECT:
        _put(changed, field, _whole(value) if _is_count(field) else value)
    elif field == "volume.requests_per_month":
        changed["volume"] = {"requests_per_month": value}
    elif field == "data.splits.test":
        changed["data"]["splits"]["test"] = int(value)
        for entry in changed["baselines"]:
            entry["n"] = int(value) if entry["split"] == "test" else entry["n"]
    elif field.startswith("data.findings."):
        _change_finding(changed, field, value, up=up)
    elif field.startswith("baselines."):
        _change_score(changed, field, value, metric)
    elif field.startswith("comparison.contenders."):
        _change_contender(changed, field, value)
    elif field in ("comparison.fixed", "comparison.broken"):
        _change_counts(changed, field.rpartition(".")[2], int(value))
    elif field == "guard.allowed":
        [guard] = changed["comparison"]["guards"]
        guard["allowed"] = value
    else:
        raise AssertionError(f"nobody knows how {field} is written")
    return changed


def _put(report: Report, field: str, value: float) -> None:
    *path, name = field.split(".")
    for key in path:
        report = report.setdefault(key, {})
    report[name] = value


def _is_count(field: str) -> bool:
    return field.startswith(("failures.", "data.splits", "data.labels"))


def _whole(value: float) -> int:
    assert value == int(value)
    return int(value)


def _change_finding(report: Report, field: str, value: float, *, up: bool) -> None:
    _, _, check, what = field.split(".")
    findings = report["data"]["findings"]
    if not any(entry["check"] == check for entry in findings):
        findings.append({"check": check, "severity": "error", "count": 0, "message": "Seen.", "details": {}})
    [finding] = [entry for entry in findings if entry["check"] == check]
    if what == "count":
        finding["count"] = _whole(value)
        return
    if check == "D5":
        finding["details"]["top_answer_share"] = value
        return
    whole = report["data"]["rows"] if OF_ROWS[check] == "rows" else report["data"]["splits"]["test"]
    number = value * whole
    number = math.ceil(number - 1e-6) if up else math.floor(number + 1e-6)
    finding["count"] = number
    if check == "D1":
        finding["details"] = {"duplicate_rows": number}
    if check == "D4":
        finding["details"] = {"exact": number, "near": 0}


def _change_score(report: Report, field: str, value: float, metric: str) -> None:
    """The score on dev, that on test as far away, and an extracted one never under the strict one."""
    _, rung, name = field.split(".")
    entries = {entry["split"]: entry for entry in report["baselines"] if entry["rung"] == rung}
    by = value - entries["dev"]["metrics"][name]["value"]
    for entry in entries.values():
        scores = entry["metrics"]
        scores[name] = {"value": min(1.0, max(0.0, scores[name]["value"] + by))}
        if name == metric and "label_match" in scores:
            scores["label_match"] = {"value": max(scores["label_match"]["value"], scores[name]["value"])}


def _change_contender(report: Report, field: str, value: float) -> None:
    _, _, rest = field.split(".", 2)
    rung, _, name = rest.partition(".")
    [entry] = [entry for entry in report["comparison"]["contenders"] if entry["rung"] == rung]
    if name == "n":
        scale = math.sqrt(entry["n"] / value)
        for limit in ("low", "high"):
            entry[limit] = entry["difference"] + scale * (entry[limit] - entry["difference"])
        entry["n"] = int(value)
    elif name == "difference":
        by = value - entry["difference"]
        for limit in ("difference", "low", "high"):
            entry[limit] += by
    else:
        raise AssertionError(f"nobody knows how {field} is written")


def _change_counts(report: Report, cell: str, value: int) -> None:
    """So many rows fixed or broken, of as many rows in all: what is more is taken from the others."""
    counts = report["comparison"]
    more = value - counts[cell]
    counts[cell] = value
    if "tuned" in counts:
        rows = sum(counts[name] for name in ("fixed", "broken", "both_right", "both_wrong")) - more
        counts["tuned"] += more / rows if cell == "fixed" else -more / rows
    for other in ("both_wrong", "both_right"):
        taken = min(more, counts[other])
        counts[other] -= taken
        more -= taken
    assert more == 0
