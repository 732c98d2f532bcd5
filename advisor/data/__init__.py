"""Reading, checking and splitting of question-answer rows.

Here live the row type, the readers, the checks D1 to D12 as they run over files, and the split. Thresholds and
the meaning of a finding live in `rubrics`; no model is loaded here, tokens are counted with `tokenizers`.
"""
