"""Methods of training side by side: what fits, what is recommended, and what was never measured."""

from __future__ import annotations

from typing import Any

import pytest

from advisor import proposals
from advisor.methods import REASONS, methods_of
from advisor.stages.forecast import METHODS

GIB = 2**30
MEASUREMENT = {"device": "cpu", "device_memory_bytes": 8 * GIB}


def forecast(**changed: Any) -> dict[str, Any]:
    return {
        "method": "lora",
        "memory_bytes": 4 * GIB,
        "memory_measured_bytes": 5 * GIB,
        "memory": {"weights": 3 * GIB, "activations": GIB},
        "seconds": 600.0,
        "scoring_seconds": 60.0,
        "trainable_parameters": 4_884_480,
        "alternatives": [{"method": "qlora", "memory_bytes": 2 * GIB}],
        "curve": None,
    } | changed


def test_each_method_has_its_memory_and_only_the_tried_one_a_time():
    found = methods_of(forecast(), MEASUREMENT)

    lora, qlora = found.rows
    assert (lora.method, lora.share, lora.seconds, lora.after_seconds) == ("lora", 5 / 8, 600.0, 60.0)
    assert (qlora.method, qlora.share, qlora.seconds, qlora.memory_measured_bytes) == (
        "qlora",
        0.25,
        None,
        None,
    )
    assert lora.trainable_parameters == qlora.trainable_parameters == 4_884_480


@pytest.mark.parametrize(
    ("lora", "qlora", "memory", "recommended", "reason"),
    [
        (4, 2, 8 * GIB, "lora", "lora"),
        (9, 2, 8 * GIB, "qlora", "qlora"),
        (9, 9, 8 * GIB, "", ""),
        (9, 2, None, "lora", "lora_unknown"),
    ],
)
def test_lora_is_recommended_where_it_fits_and_qlora_where_only_that_does(
    lora, qlora, memory, recommended, reason
):
    measured = forecast(
        memory_bytes=lora * GIB,
        memory_measured_bytes=None,
        alternatives=[{"method": "qlora", "memory_bytes": qlora * GIB}],
    )

    found = methods_of(measured, {"device": "cpu", "device_memory_bytes": memory})

    assert (found.recommended, found.reason) == (recommended, REASONS[reason])
    assert [row.limit for row in found.rows] == [
        "memory" if memory and size > 8 else "" for size in (lora, qlora)
    ]


def test_what_was_measured_counts_where_it_is_more_than_predicted():
    found = methods_of(forecast(memory_measured_bytes=9 * GIB), MEASUREMENT)

    assert found.rows[0].limit == "memory"
    assert found.recommended == "qlora"


def test_a_qlora_run_still_shows_lora_beside_it():
    found = methods_of(
        forecast(
            method="qlora", memory_bytes=GIB, alternatives=[{"method": "lora", "memory_bytes": 2 * GIB}]
        ),
        MEASUREMENT,
    )

    assert [row.method for row in found.rows] == ["qlora", "lora"]
    assert found.recommended == "lora"
    assert found.named("lora").seconds is None
    assert found.named("full") is None


def test_the_learning_curve_and_scoring_come_after_training():
    found = methods_of(forecast(curve={"seconds": 40.0, "refused": ""}), MEASUREMENT)

    assert found.rows[0].after_seconds == 100.0


def test_what_is_recommended_by_default_is_what_auto_takes():
    assert proposals.method_of("auto") == methods_of(forecast(), MEASUREMENT).recommended
    assert [proposals.method_of(method) for method in METHODS] == list(METHODS)
