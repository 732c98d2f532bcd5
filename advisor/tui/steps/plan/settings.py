"""The settings of a training, folded away: a field for each, with what the program proposes and why."""

from __future__ import annotations

from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Select, Static

from advisor.draft import Draft
from advisor.filling import wrong_in
from advisor.texts import _
from advisor.training_settings import Setting, read_setting, written
from advisor.tui.words import Words


class SettingRow(Horizontal):
    """One setting: its name, its field, and the proposal or what is wrong."""

    DEFAULT_CSS = """
    SettingRow { height: auto; }
    SettingRow .label { width: 22; }
    SettingRow Input, SettingRow Select { width: 18; }
    SettingRow .note { width: 1fr; padding-left: 1; height: auto; color: $text-muted; }
    """

    class Written(Message):
        """A value was written into a field."""

        def __init__(self, field: str, value: Any) -> None:
            super().__init__()
            self.field, self.value = field, value

    def __init__(self, setting: Setting) -> None:
        super().__init__(id=f"setting-{setting.field}")
        self.setting = setting
        self._is_shown = False

    def compose(self) -> ComposeResult:
        """Name, field, note."""
        yield Static(Text(_(self.setting.label)), classes="label")
        if self.setting.choices:
            options = [(choice, choice) for choice in self.setting.choices]
            yield Select(options, prompt=self.setting.proposed, compact=True)
        else:
            yield Input(placeholder=self.setting.proposed, compact=True)
        yield Words(classes="note")

    def show(self, setting: Setting, draft: Draft) -> None:
        """Show what the draft says, and the proposal beside it; a field that is written in is left alone."""
        self.setting = setting
        given = written(setting.field, draft.get(setting.field)) if setting.field in draft.values else ""
        field = self.query_one("Input, Select")
        self._is_shown = True
        # What is filled in from the draft was not written by a person.
        with self.prevent(Input.Changed, Select.Changed):
            if isinstance(field, Input):
                field.placeholder = setting.proposed
                if not field.has_focus and field.value != given:
                    field.value = given
            elif isinstance(field, Select):
                value = given if given in setting.choices else Select.NULL
                if field.value != value:
                    field.value = value
        self.query_one(".note", Words).say(self._note(draft))

    def _note(self, draft: Draft) -> Text:
        problem = wrong_in(draft, self.setting.field)
        if problem:
            return Text(f"✗ {problem}", "bold")
        proposed = self.setting.proposed
        source = _(self.setting.source)
        return Text(_("{value}: {source}").format(value=proposed, source=source) if proposed else source)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Read what was written."""
        event.stop()
        self._say(event.value)

    def on_select_changed(self, event: Select.Changed) -> None:
        """Read what was chosen."""
        event.stop()
        self._say("" if event.value is Select.NULL else str(event.value))

    def _say(self, text: str) -> None:
        if self._is_shown:
            self.post_message(self.Written(self.setting.field, read_setting(self.setting.field, text)))


class Settings(Vertical):
    """All settings below each other."""

    DEFAULT_CSS = "Settings { height: auto; }"

    def __init__(self, settings: tuple[Setting, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._settings = settings

    def compose(self) -> ComposeResult:
        """A row for each."""
        for setting in self._settings:
            yield SettingRow(setting)

    def show(self, settings: tuple[Setting, ...], draft: Draft) -> None:
        """Show what the draft says and what is proposed now."""
        for row, setting in zip(self.query(SettingRow), settings, strict=True):
            row.show(setting, draft)
