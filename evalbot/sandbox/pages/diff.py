"""A patch as git writes it, read into files and lines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_NOTES = {
    "new file mode": "new file",
    "deleted file mode": "deleted",
    "old mode": "mode changed",
    "Binary files": "binary",
    "GIT binary patch": "binary",
}


@dataclass(frozen=True, slots=True)
class Line:
    """`mark` is `+`, `-`, a space, or `@` for the head of a hunk; `text` comes without it.

    `old` and `new` are line numbers, None where the line is not on that side.
    """

    mark: str
    text: str
    old: int | None = None
    new: int | None = None


@dataclass(slots=True)
class FileDiff:
    path: str
    notes: list[str] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    @property
    def added(self) -> int:
        return sum(line.mark == "+" for line in self.lines)

    @property
    def removed(self) -> int:
        return sum(line.mark == "-" for line in self.lines)


@dataclass(slots=True)
class Changes:
    """`left_out` counts the lines after the first `most`."""

    files: list[FileDiff] = field(default_factory=list)
    left_out: int = 0

    @property
    def added(self) -> int:
        return sum(file.added for file in self.files)

    @property
    def removed(self) -> int:
        return sum(file.removed for file in self.files)


def read(patch: str, *, most: int) -> Changes:
    """The files of a patch, with at most so many lines in all. A line that ended in CR LF shows its CR."""
    texts = patch.split("\n")  # and not splitlines, for which a line of a file may be several
    reader = _Reader()
    for number, text in enumerate(texts[:-1] if texts[-1] == "" else texts):
        if number >= most:
            reader.changes.left_out += 1
        else:
            reader.take(text)
    return reader.changes


class _Reader:
    """Inside a hunk every line is content, whatever it looks like: the hunk's head says how many there are."""

    def __init__(self) -> None:
        self.changes = Changes()
        self._old = self._new = self._old_left = self._new_left = 0

    def take(self, text: str) -> None:
        if self._old_left > 0 or self._new_left > 0:
            self._content(text)
        elif text.startswith("diff --git "):
            self.changes.files.append(FileDiff(_path(text)))
        elif self.changes.files:
            self._between(text, self.changes.files[-1])

    def _between(self, text: str, file: FileDiff) -> None:
        hunk = _HUNK.match(text)
        if hunk:
            old, old_size, new, new_size = hunk.groups("1")
            self._old, self._new = int(old), int(new)
            self._old_left, self._new_left = int(old_size), int(new_size)
            file.lines.append(Line("@", text))
        elif text.startswith("\\"):
            file.lines.append(Line(" ", text))
        else:
            file.notes += [note for start, note in _NOTES.items() if text.startswith(start)]

    def _content(self, text: str) -> None:
        file, mark = self.changes.files[-1], text[:1]
        if mark == "\\":  # "No newline at end of file", between the two sides
            file.lines.append(Line(" ", text))
            return
        shown = f"{text[1:-1]}␍" if text.endswith("\r") else text[1:]
        old, new = mark != "+", mark != "-"
        file.lines.append(Line(mark or " ", shown, self._old if old else None, self._new if new else None))
        self._old, self._old_left = self._old + old, self._old_left - old
        self._new, self._new_left = self._new + new, self._new_left - new


def _path(text: str) -> str:
    """`diff --git a/x b/x`: the same name twice, for renames are not looked for."""
    names = text.removeprefix("diff --git ")
    return names[len(names) // 2 + 1 :].strip('"').removeprefix("b/")
