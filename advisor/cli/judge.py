"""The command `judge`: a model judges answers by a written rubric."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

_A = Annotated[Path, typer.Argument(metavar="A", help="prediction file")]
_B = Annotated[
    Path | None, typer.Argument(metavar="[B]", help="another one: the two are compared row by row")
]
_References = Annotated[Path | None, typer.Option("--references", help="JSONL with id and accepted answers")]
_Data = Annotated[Path | None, typer.Option("--data", help="JSONL with id and the question that was asked")]
_Rubric = Annotated[Path | None, typer.Option("--rubric", help="YAML with your own criteria and scale")]
_Endpoint = Annotated[str | None, typer.Option("--endpoint", help="OpenAI-compatible URL of the judge")]
_EndpointModel = Annotated[
    str | None, typer.Option("--endpoint-model", help="name of the judge at the endpoint")
]
_Model = Annotated[
    str | None, typer.Option("--model", help="local judge: smollm2-135m, hub id, folder or .gguf file")
]
_Precision = Annotated[str, typer.Option("--precision", help="of a local judge: auto, fp32 or bf16")]
_Human = Annotated[
    Path | None, typer.Option("--human", help="JSONL with id and people's score, or preferred a|b|tie")
]
_Price = Annotated[
    str | None, typer.Option("--price", help="of a million prompt and completion tokens: 0.15,0.60")
]
_MaxCost = Annotated[
    float | None, typer.Option("--max-cost", help="stop before the judgement costs more; needs --price")
]
_MaxCalls = Annotated[int | None, typer.Option("--max-calls", min=1, help="stop before more calls than this")]
_MaxTokens = Annotated[
    int, typer.Option("--max-tokens", min=16, help="of one reply; reasoning models need more")
]
_Out = Annotated[
    Path | None, typer.Option("--out", help="judgements, one a line; those that fit are not asked again")
]
_Seed = Annotated[int, typer.Option("--seed", help="of the order of rows")]
_Json = Annotated[bool, typer.Option("--json", help="print the result as one JSON object")]
_Quiet = Annotated[bool, typer.Option("--quiet", help="the outcome alone")]


def judge(
    a: _A,
    b: _B = None,
    references: _References = None,
    data: _Data = None,
    rubric: _Rubric = None,
    endpoint: _Endpoint = None,
    endpoint_model: _EndpointModel = None,
    model: _Model = None,
    precision: _Precision = "auto",
    human: _Human = None,
    price: _Price = None,
    max_cost: _MaxCost = None,
    max_calls: _MaxCalls = None,
    max_tokens: _MaxTokens = 512,
    out: _Out = None,
    seed: _Seed = 0,
    json_: _Json = False,
    quiet: _Quiet = False,
) -> None:
    """A model judges one file of answers, or which of two is better, by a written rubric.

    Example: advisor judge a.jsonl b.jsonl --references test.jsonl --data test.jsonl --endpoint http://localhost:8000/v1 --endpoint-model big --human labels.jsonl
    """
    from advisor.cli.show import out_json
    from advisor.cli.stoppable import stoppable
    from advisor.display import display_for
    from advisor.judging.asking import Caps
    from advisor.judging.judge import Files, Judge, judge_files
    from advisor.prices import read_token_price

    prices = None if price is None else read_token_price(price)
    caps = Caps(max_tokens, prices, _positive(max_cost), max_calls)
    files = Files(a, b, references, data, rubric, human, out)
    who = Judge(model, endpoint, endpoint_model, precision)
    display = display_for(quiet=quiet or json_, json_events=False)
    kept = "stopped; judgements so far are kept. Run the same command again to go on"
    with stoppable(display, kept) as stop:
        found = judge_files(files, who, caps, seed, display, stop)
    if json_:
        out_json(found)
    else:
        _show(found, quiet=quiet)


def _positive(value: float | None) -> float | None:
    from rubrics.errors import Fault

    if value is not None and not 0 < value < float("inf"):
        raise Fault(f"{value:g} is not a cost", where="--max-cost", fix="Give a number over 0.")
    return value


def _show(found: dict[str, Any], *, quiet: bool) -> None:
    from advisor.cli.show import err, out

    if found["kind"] == "pairwise":
        out(_pair_words(found))
    else:
        out(_score_words(found))
    out(f"{'may decide' if found['may_decide'] else 'must not decide'}: {found['reason']}")
    if quiet:
        return
    for line in _detail_words(found):
        out(line)
    err(f"judgements: {found['judgements']}")


def _pair_words(found: dict[str, Any]) -> str:
    wins = found["wins"]
    if wins is None:
        return "no pair was judged"
    word = {"a": "A is better", "b": "B is better"}.get(found["outcome"], "undecided")
    d = wins["difference"]
    return (
        f"{word}: A wins {wins['a']}, B wins {wins['b']}, ties {wins['ties']} of {wins['n']}; B minus A "
        f"{d['value']:+.3f} [{d['low']:+.3f}, {d['high']:+.3f}], p = {wins['p_value']:.3g} ({wins['test']})"
    )


def _score_words(found: dict[str, Any]) -> str:
    mean = found["mean"]
    if mean is None:
        return "no answer was judged"
    low, high = found["scale"]
    n = sum(found["counts"].values())
    return (
        f"mean score {mean['value']:.2f} [{mean['low']:.2f}, {mean['high']:.2f}] on {low} to {high}, n = {n}"
    )


def _detail_words(found: dict[str, Any]) -> list[str]:
    lines = []
    agreement = found["agreement"]
    if agreement:
        accuracy = agreement["accuracy"]
        lines.append(
            f"agreement with people: {accuracy['value']:.3f} [{accuracy['low']:.3f}, {accuracy['high']:.3f}] "
            f"on {agreement['n']} rows"
        )
    lines += _bias_words(found)
    if found["invalid"]:
        lines.append(f"{found['invalid']} rows had a reply that could not be read; they are left out")
    for name, count in found["missing"].items():
        if count:
            lines.append(f"{count} rows have no answer in {name.upper()}; they count against it")
    cost = "" if found["cost"] is None else f", cost {found['cost']:.4f}"
    lines.append(
        f"{found['calls']} calls, {found['prompt_tokens']:,} prompt and {found['completion_tokens']:,} "
        f"completion tokens{cost}"
    )
    if found["stopped_by"]:
        lines.append(f"stopped by {found['stopped_by']}: {found['n']} of {found['rows']} rows are judged")
    return lines


def _bias_words(found: dict[str, Any]) -> list[str]:
    if found["kind"] == "pointwise":
        value = found["length"]["correlation"]
        return [] if value is None else [f"score and length correlate {value:+.2f} (Spearman)"]
    lines = []
    rate = found["position"]["flip_rate"]
    if rate:
        lines.append(
            f"position bias: {rate['value']:.3f} [{rate['low']:.3f}, {rate['high']:.3f}] of "
            f"{found['position']['pairs']} preferences flipped with the order and count as ties"
        )
    for who, words in (("judge", "length: the longer answer has"), ("human", "length, people's labels:")):
        share = found["length"][who]["longer_share"]
        if share:
            lines.append(
                f"{words} {share['value']:.3f} [{share['low']:.3f}, {share['high']:.3f}] of "
                f"{found['length'][who]['wins']} wins"
            )
    return lines
