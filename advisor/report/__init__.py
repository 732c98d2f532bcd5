"""The report: its fixed JSON shape, and the pages that are drawn from it."""
