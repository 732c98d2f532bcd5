"""`advisor forecast`: the contract's object from a real dry run, and nothing trained."""

from __future__ import annotations

import pytest

from advisor.run_directory import RunDirectory


@pytest.mark.children_unmeasured
def test_a_forecast_is_measured_and_nothing_is_trained(tiny_model, rows_file, advisor, tmp_path):
    words = [
        "--data",
        rows_file,
        "--model",
        tiny_model,
        "--precision",
        "fp32",
        "--rank",
        4,
        "--batch-size",
        4,
    ]

    ran = advisor("forecast", *words, "--out", tmp_path / "run", "--json")

    assert ran.code == 0, ran.err
    found = ran.json()
    assert (found["method"], found["seconds_measured"]) == ("lora", None)
    assert [other["method"] for other in found["alternatives"]] == ["qlora"]
    assert 0 < found["memory_bytes"] < found["device_memory_bytes"]
    assert found["seconds"] > 0
    assert found["trainable_parameters"] > 0
    run = RunDirectory(tmp_path / "run")
    assert not run.training.exists()
    assert not (run.path / "baselines.json").exists()


def test_the_page_sets_the_methods_side_by_side(advisor, monkeypatch, rows_file, tmp_path, make_report):
    forecast = make_report().forecast.model_copy(
        update={"device": "cpu (2 threads)", "device_memory_bytes": 2**32}
    )
    monkeypatch.setattr("advisor.walk.forecast_only", lambda *given: forecast)

    ran = advisor("forecast", "--data", rows_file, "--out", tmp_path / "run")

    lines = ran.out.splitlines()
    assert lines[0].split("  ")[0] == "method (* of the plan)"
    assert lines[2].split() == ["lora", "*", "1.00", "GiB", "25%", "3", "min", "0", "s"]
    assert lines[3].split() == ["qlora", "0.50", "GiB", "12%"]
    assert "measured in the dry run: 1.00 GiB" in ran.out
    assert "trainable parameters: 4,884,480" in ran.out
