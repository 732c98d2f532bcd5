"""A plan on its way: what a person has filled in so far, which need not be enough to run yet.

The wizard and the plain questions fill a draft; `plan` turns it into the one validated plan that a run takes, and
`command` prints the flags that give the same.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from advisor.plan import Plan, contradictions, flag_of, make_plan, words_of
from rubrics.errors import Fault

_DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {name: info.get_default(call_default_factory=True) for name, info in Plan.model_fields.items()}
)


@dataclass(frozen=True)
class Draft:
    """Plan fields by name, as far as they were given; those of their default are left out.

    A value may be wrong: it stays as it was given, and `problem_of` says what is wrong with it.
    """

    values: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, plan: Plan) -> Draft:
        """The draft that gives this plan."""
        return cls().changed(**{name: getattr(plan, name) for name in Plan.model_fields})

    def get(self, name: str) -> Any:
        """What was given for a field, or the default of the plan.

        Raises:
            KeyError: the plan has no such field.
        """
        return self.values[name] if name in self.values else _DEFAULTS[name]

    def changed(self, **fields: Any) -> Draft:
        """The draft with other values; None takes a field back to its default.

        Raises:
            KeyError: the plan has no such field.
        """
        for name in fields:
            _DEFAULTS[name]  # a slip in a name is told at once
        values = {**self.values, **fields}
        kept = {
            name: value for name, value in values.items() if value is not None and value != _DEFAULTS[name]
        }
        return Draft(MappingProxyType(kept))

    @property
    def is_empty(self) -> bool:
        """Whether nothing was filled in, so that nothing is lost with it."""
        return not self.values

    def plan(self) -> Plan:
        """The plan.

        Raises:
            Fault: names every field that is wrong or missing.
        """
        return make_plan(self.values)

    def problem_of(self, name: str) -> str:
        """What is wrong with the value of one field; empty where nothing is."""
        return self._wrong_fields.get(name, "")

    def problems(self) -> tuple[str, ...]:
        """Everything that keeps the draft from being a plan: wrong fields first, then what does not go together."""
        wrong = [f"{flag_of(name)}: {message}" for name, message in self._wrong_fields.items()]
        return (*wrong, *contradictions(self.values))

    @cached_property
    def _wrong_fields(self) -> dict[str, str]:
        # Every field of a form asks, ten times a second; the values never change.
        try:
            Plan.model_validate(dict(self.values))
        except ValidationError as error:
            return {
                str(item["loc"][0]): str(item["msg"]).removeprefix("Value error, ")
                for item in error.errors()
                if item["loc"]
            }
        return {}

    def command(self) -> str:
        """The `advisor run` command that gives the same plan, as far as it is filled in."""
        try:
            return self.plan().command()
        except Fault:
            words = [word for name, value in self.values.items() for word in words_of(name, _plain(value))]
            return shlex.join(["advisor", "run", *words])


def _plain(value: Any) -> Any:
    """A value as a command line spells it."""
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value
