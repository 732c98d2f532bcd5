"""Do the rows fit, and do their lengths vary (D7)?"""

from __future__ import annotations

from collections.abc import Iterator

from advisor.data.findings import Finding, quote
from advisor.data.subject import Subject
from rubrics.data_rules import severity, threshold


def misfits(subject: Subject) -> Iterator[Finding]:
    """Find rows longer than training takes; lengths in characters cannot tell."""
    lengths, limit = subject.lengths, subject.max_length
    if limit is None:
        return
    if subject.unit != "tokens":
        message = f"lengths are counted in {subject.unit}: whether rows fit into {limit} tokens is not known"
        fix = "name the model, so that its tokenizer can count"
        details = {"kind": "unit", "max_length": limit, "unit": subject.unit}
        yield Finding("D7", "info", len(lengths), message, fix, (), details)
        return
    long = [at for at, pair in enumerate(lengths) if sum(pair) > limit]
    if not long:
        return
    longest = max(sum(lengths[at]) for at in long)
    lost = sum(sum(lengths[at]) - limit for at in long)
    no_answer = sum(lengths[at][0] >= limit for at in long)
    yield subject.at(long).finding(
        "D7",
        severity("D7"),
        f"{len(long):,} of {len(lengths):,} rows are longer than {limit:,} tokens (the longest has {longest:,})",
        "raise the maximum length, shorten these rows or remove them; nothing is cut silently",
        {
            "kind": "overlong",
            "max_length": limit,
            "longest": longest,
            "tokens_over": lost,
            "prompt_alone_too_long": no_answer,
        },
        quote(subject.prompts[long[0]]),
    )


def alike(subject: Subject) -> Iterator[Finding]:
    """Find prompts that are all of about one length, a hint that the cases are, too."""
    prompt = subject.length_table["prompt"]
    low, high = prompt["p5"], prompt["p95"]
    if low and high / low < threshold("D7", "spread"):
        message = f"prompts are alike in length: 90% have {low:.0f} to {high:.0f} {subject.unit}"
        fix = "make sure that the rows show the variety of real use"
        details = {"kind": "alike", "p95_over_p5": high / low, "unit": subject.unit}
        yield Finding("D7", "info", 1, message, fix, (), details)
