"""Plan fields that a person may leave alone, with what each is called and how it is written: for forms and questions."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.texts import N_


@dataclass(frozen=True)
class FurtherSetting:
    """One field.

    Attributes:
        field: of the plan.
        label: its name, marked for translation.
        example: what to write, with its unit, marked likewise.
    """

    field: str
    label: str
    example: str


_A_FILE = N_("a path, or F2 to choose")
_MONEY = N_("once, in the currency of the prices; 0 if it costs nothing")
_MONEY_A_MONTH = N_("a month, in the currency of the prices")

FURTHER_SETTINGS: tuple[tuple[str, tuple[FurtherSetting, ...]], ...] = (
    (
        N_("Files"),
        (
            FurtherSetting("production", N_("Production sample"), N_("rows of real use, to compare with")),
            FurtherSetting("train", N_("Training rows"), _A_FILE),
            FurtherSetting("dev", N_("Dev rows"), _A_FILE),
            FurtherSetting("test", N_("Test rows"), _A_FILE),
        ),
    ),
    (
        N_("Model"),
        (
            FurtherSetting("model", N_("Model"), N_("smollm2-135m, a hub id, a folder or a .gguf file")),
            FurtherSetting("endpoint", N_("Endpoint"), N_("address of an OpenAI-compatible server")),
            FurtherSetting("endpoint_model", N_("Model there"), N_("its name at the endpoint")),
        ),
    ),
    (
        N_("Comparison"),
        (
            FurtherSetting("margin", N_("Margin"), N_("loss accepted if tuning saves money, such as 0.02")),
            FurtherSetting("cluster_field", N_("Rows belong to"), N_("a field, such as customer_id")),
            FurtherSetting(
                "slices", N_("Compare by"), N_("fields with commas between, such as language,product")
            ),
            FurtherSetting("seed", N_("Seed"), N_("of split and training, a whole number")),
        ),
    ),
    (
        N_("Money and volume"),
        (
            FurtherSetting("requests_per_month", N_("Answers a month"), N_("how many are wanted")),
            FurtherSetting(
                "value_per_correct", N_("Worth of a right one"), N_("more than a wrong answer, in money")
            ),
            FurtherSetting(
                "tuned_price", N_("Price, tuned"), N_("of a million tokens read, written: 0.15,0.60")
            ),
            FurtherSetting("training_cost", N_("Training"), _MONEY),
            FurtherSetting("labelling_cost", N_("Labelling"), _MONEY),
            FurtherSetting("hosting_per_month", N_("Hosting"), _MONEY_A_MONTH),
            FurtherSetting("retraining_per_month", N_("Retraining"), _MONEY_A_MONTH),
            FurtherSetting(
                "horizon_months", N_("Horizon, months"), N_("over which it is counted; 12 if empty")
            ),
        ),
    ),
)
"""By group, in the order in which they are shown."""
