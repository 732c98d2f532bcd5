"""What the prices say: break-even, and what nobody gave named instead of taken as free."""

from __future__ import annotations

import pytest
from planted import PRICES, report, scored

from rubrics.economics import account, present_price
from rubrics.measurements import from_report

TOKENS = {"input_per_million": 10, "output_per_million": 20}
EVERYTHING = {"prices": PRICES | {"value_per_correct": 0.5}, "volume": {"requests_per_month": 5000}}


def test_no_price_gives_no_account():
    assert account(from_report(report())) is None
    assert account(from_report(report(prices={}, volume={}))) is None


def test_the_account_of_known_prices():
    found = account(from_report(report(**EVERYTHING)))

    assert found is not None
    assert found["saving_per_request"] == pytest.approx(0.009)
    assert found["break_even_requests_per_month"] == pytest.approx((100 / 12 + 15) / 0.009)
    assert found["break_even_months"] == pytest.approx(100 / (0.009 * 5000 - 15))
    assert found["pays"] is True
    assert found["cost"] == pytest.approx(100 + 12 * 15)
    # need is 0.3: the target of 0.9 less 0.6 on dev.
    assert found["worth"] == pytest.approx(12 * (0.3 * 5000 * 0.5 + 0.009 * 5000))
    assert found["lacking"] == []
    assert found["text"][0].startswith(
        "Training pays for itself within 12 months from 2,593 requests a month on"
    )


@pytest.mark.parametrize(
    ("left_out", "words"),
    [
        ("training", "what training costs"),
        ("hosting_per_month", "what hosting costs a month"),
        ("tuned_per_request", "the price of a tuned model's answer"),
        ("value_per_correct", "what a right answer is worth"),
    ],
)
def test_what_is_not_given_is_named_and_not_free(left_out, words):
    prices = {name: value for name, value in EVERYTHING["prices"].items() if name != left_out}

    found = account(from_report(report(**EVERYTHING | {"prices": prices})))

    assert found is not None
    assert found["lacking"] == [words]
    assert found["text"][-1] == f"Not given, and not taken as free: {words}."
    if left_out != "value_per_correct":
        assert found["break_even_requests_per_month"] is None


def test_what_never_pays_is_said_and_no_number():
    found = account(from_report(report(**EVERYTHING | {"prices": PRICES | {"tuned_per_request": 1}})))

    assert found is not None
    assert (found["pays"], found["break_even_months"], found["break_even_requests_per_month"]) == (
        False, None, None,
    )  # fmt: skip
    assert "never pays for itself" in found["text"][0]


def test_tokens_of_leaking_rows_count_among_the_rows_that_were_asked():
    entry = scored("few_shot", "test", 0.6, 100, prompt_tokens=12_000, completion_tokens=120, selected=True)
    leaking = entry | {"with_leaked": {"n": 120, "metrics": {}}}

    m = from_report(report(baselines=[leaking], prices=TOKENS))

    assert present_price(m) == pytest.approx((100 * 10 + 1 * 20) / 1e6)
    billed = from_report(report(baselines=[leaking | {"cost": 0.6}], prices=TOKENS))
    assert present_price(billed) == pytest.approx(0.6 / 120)
