"""What the core says, in the language of the person.

Apart from `advisor.core_templates`, which does it, since in English there is nothing to be done and nothing to load.
"""

from __future__ import annotations

from advisor.texts import language


def told(text: str) -> str:
    """Return a text of the core in the language in use; what no template of it is known of stays English.

    In English that is the text itself. A text of several sentences or parts is recognised part by part. Takes
    about 100 ms the first time, under a millisecond for a new text and microseconds for a known one. For texts
    that the core composed only: a person's own words, model output and names are not to be passed here.
    """
    name = language()
    if name == "en" or not text:
        return text
    from advisor.core_templates import said_again

    return said_again(text, name).text
