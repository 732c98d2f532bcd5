"""Is every answer written in the same way (D6)? The findings, and what `data fix` needs to mend them."""

from __future__ import annotations

from advisor.data.json_forms import canonical_json, key_order
from advisor.data.label_forms import canonical_labels
from advisor.data.text_forms import trimmed

__all__ = ["canonical_json", "canonical_labels", "key_order", "trimmed"]
