"""The report as one HTML file that needs nothing else: to be mailed, printed, or put on a shelf."""

from __future__ import annotations

import html
import re

from markdown_it import MarkdownIt

_LOOK = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; margin: 1rem 0; }
th, td { border: 1px solid #8888; padding: .2rem .6rem; text-align: left; vertical-align: top; }
pre { overflow-x: auto; padding: .6rem; border: 1px solid #8888; }
"""


def as_page(markdown: str) -> str:
    """Turn the report's Markdown into a whole page; what stands in it as HTML is shown, not obeyed."""
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    heading = re.search(r"^# (.+)$", markdown, re.MULTILINE)
    title = html.escape(heading[1] if heading else "advisor")
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{_LOOK}</style>\n</head>\n'
        f"<body>\n{body}</body>\n</html>\n"
    )
