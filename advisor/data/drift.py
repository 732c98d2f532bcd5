"""Do the rows look like production? (rule D8)"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from advisor.data.findings import Finding
from advisor.data.rows import Row


def drift_findings(rows: Sequence[Row], production: Sequence[Row] | None, seed: int) -> Iterator[Finding]:
    """Compare rows with production (D8)."""
    yield from ()
