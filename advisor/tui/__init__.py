"""The wizard: screens over the core. They fill a draft, start runs, watch run directories and show artefacts.

No logic lives here: what a screen works out, `advisor/*.py` works out without textual. `start` is the entry; the
walk's nine steps lie in `steps`, a folder each, and are imported when they are first shown.
"""
