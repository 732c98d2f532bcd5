"""The fields of the task's form, each with its name in words and what to type."""

from __future__ import annotations

from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.suggester import SuggestFromList
from textual.widgets import Select, Static

from advisor.further_settings import FURTHER_SETTINGS
from advisor.plan import AUTO_METRIC
from advisor.texts import _
from advisor.tui.said import Said
from advisor.tui.steps.task.fields import Field
from advisor.tui.steps.task.words import DECIDING

OPTION_FIELDS = {"pattern": "pattern", "schema_file": "schema", "tolerance": "tolerance"}
"""Fields that are asked only where the metric reads them, each with the metric's name for it."""


def is_read(name: str, metric: str) -> bool:
    """Whether a metric reads one of the `OPTION_FIELDS`; the automatic choice reads none."""
    if metric in ("", AUTO_METRIC):
        return False
    # Late, since the first screen is there before any metric is known.
    from rubrics.scoring import get_metric

    found = get_metric(metric)
    return OPTION_FIELDS[name] in (*found.needs, *found.takes)


def deciding() -> ComposeResult:
    """What decides, from the metric on."""
    with Horizontal(id="choose"):
        yield Static(Text(_("Metric")), classes="label")
        options = [(_("automatic"), AUTO_METRIC), *((name, name) for name in DECIDING)]
        yield Select(options, allow_blank=False, value=AUTO_METRIC, compact=True, id="metric")
    yield Said(id="metric-note")
    yield Field("target", _("Target"), placeholder=_("0.9 or 90%; none if empty"))
    yield Field("min_gain", _("Smallest gain"), placeholder=_("worth a tuned model, such as 0.05"))
    yield Field("max_minutes", _("Time limit, minutes"), placeholder=_("for the whole run; none if empty"))


def option(name: str, value: Any) -> Field:
    """The field of what a metric needs, with its value."""
    label, placeholder = {
        "pattern": (_("Pattern"), _("a regular expression for the whole answer")),
        "schema_file": (_("JSON Schema"), _("a path, or F2 to choose")),
        "tolerance": (_("Tolerance"), _("0.5 or 1%; none if empty")),
    }[name]
    return Field(name, label, placeholder=placeholder, value=value)


def others() -> ComposeResult:
    """What may be left alone, group by group."""
    from advisor.models.catalogue import EMBEDDED

    for group, settings in FURTHER_SETTINGS:
        yield Static(Text(_(group)), classes="group")
        for setting in settings:
            suggester = SuggestFromList(list(EMBEDDED)) if setting.field == "model" else None
            yield Field(setting.field, _(setting.label), placeholder=_(setting.example), suggester=suggester)
