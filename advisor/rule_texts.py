"""What the data rules D1 to D12 are about, for somebody who never trained a model; marked, not yet translated."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.texts import N_

TITLES: Mapping[str, str] = {
    "D1": N_("Exact duplicates"),
    "D2": N_("Near duplicates"),
    "D3": N_("Conflicting answers"),
    "D4": N_("Test rows in the training rows"),
    "D5": N_("Variety of answers"),
    "D6": N_("Consistent writing"),
    "D7": N_("Lengths"),
    "D8": N_("Likeness to real use"),
    "D9": N_("Structure of the file"),
    "D10": N_("Enough rows"),
    "D11": N_("Secrets and personal data"),
    "D12": N_("Placeholders and broken characters"),
}

REASONS: Mapping[str, str] = {
    "D1": N_("A row that stands twice counts twice: the model leans towards it, and the score does too."),
    "D2": N_(
        "Rows that are nearly the same teach little more than one of them; on both sides of a split they "
        "make the score look better than it is."
    ),
    "D3": N_("The same question with different answers cannot be learned: the model is taught to guess."),
    "D4": N_(
        "A test row that was trained on measures memory, not skill; such rows are left out of the score."
    ),
    "D5": N_("A model repeats what it sees most: if most answers are alike, it learns to give that answer."),
    "D6": N_(
        "A model learns to write as the answers are written: two spellings of one label are two labels to it."
    ),
    "D7": N_(
        "A row that does not fit into the model cannot be trained on; rows of one length may miss real cases."
    ),
    "D8": N_(
        "A model does well on what it has seen: rows that differ from real use make a good score misleading."
    ),
    "D9": N_("Rows are read by their fields; what is doubtful in the file is read in one way of several."),
    "D10": N_(
        "With too few rows, or too few of a label, there is nothing to learn from and nothing to measure by."
    ),
    "D11": N_("A tuned model can repeat what it was trained on, word for word, to anybody who asks."),
    "D12": N_("Text that stands where an answer should is learned as if it were the answer."),
}
