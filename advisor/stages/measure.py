"""How fast is this model here? A dry run that the forecast and the time limit rest on."""

from __future__ import annotations

from advisor.data.rows import Row
from advisor.jobs import read_result, run_jobs, write_job
from advisor.plan import Plan
from advisor.rungs.prompts import zero_shot
from advisor.stage import Artefact, Context, Stage
from advisor.stages.first_number import tell_first_number
from advisor.stages.inspect import INSPECT
from advisor.stages.split import rows_of
from trainer.job import Hyperparameters, MeasureJob, Measurement, ModelSpec, write_json_lines

_LONGEST_ROWS = 32


class Rates(Artefact):
    """The trainer's measurement of the base model as this plan would train it."""

    measurement: Measurement


def training_rows(context: Context, rows: list[Row]) -> list[dict[str, object]]:
    """Rows as the trainer reads them: the tuned model learns to answer the short instruction."""
    prompt = zero_shot(context.plan.task)
    return [
        {"id": row.id, "source": row.source, "messages": list(prompt(row)), "answer": row.answer}
        for row in rows
    ]


def quantisation(plan: Plan) -> str | None:
    """`nf4` where the plan trains over 4-bit weights."""
    return "nf4" if plan.method == "qlora" else None


def weights_facts(plan: Plan) -> dict[str, str]:
    """How the base model's weights are held, which its answers depend on."""
    return {"quantisation": quantisation(plan) or "", "precision": plan.precision}


def base_spec(context: Context) -> ModelSpec:
    """The model for generation, with what was measured once."""
    assert context.model is not None
    measured = context.get(MEASURE).measurement
    return ModelSpec.model_validate(
        {
            "path": context.model.path,
            "precision": measured.precision,
            "attention": measured.attention_generation,
            "quantisation": quantisation(context.plan),
        }
    )


def _make(context: Context) -> Rates:
    assert context.model is not None
    tell_first_number(context)
    plan = context.plan
    directory = context.run.jobs / "measure"
    longest = sorted(
        rows_of(context, "train"), key=lambda row: len(row.prompt) + len(row.answer), reverse=True
    )
    write_json_lines(directory / "train.jsonl", training_rows(context, longest[:_LONGEST_ROWS]))
    job = MeasureJob(
        model=ModelSpec.model_validate(
            {
                "path": context.model.path,
                "precision": plan.precision,
                "quantisation": quantisation(context.plan),
            }
        ),
        hyperparameters=Hyperparameters(
            rank=plan.rank,
            batch_size=plan.batch_size,
            micro_batch_size=plan.batch_size,
            max_length=context.get(INSPECT).max_length,
            seed=plan.seed,
        ),
        train=not plan.no_train,
        generate_batch_size=_LONGEST_ROWS // 2,
    )
    write_job(directory, job)
    run_jobs([directory], context.follow, context.stop)
    return Rates(measurement=Measurement.model_validate(read_result(directory)))


def _summary(rates: Rates) -> str:
    measured = rates.measurement
    training = (
        f", training {measured.train_tokens_per_second:,.0f}" if measured.train_tokens_per_second else ""
    )
    return (
        f"{measured.device}, {measured.precision}: reading {measured.prefill_tokens_per_second:,.0f}, "
        f"writing {measured.decode_tokens_per_second:,.0f}{training} tokens/s"
    )


MEASURE = Stage(
    name="measure",
    file="measurement.json",
    artefact=Rates,
    make=_make,
    fields=("rank", "batch_size", "no_train", "task", "seed"),
    facts=weights_facts,
    reads=("inspect", "split"),
    content=lambda context: context.model_digest(),
    summary=_summary,
)
