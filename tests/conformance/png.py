"""What a test asks of a screenshot: its size and its colours. Reads the one kind of PNG that Chromium writes."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Colour = tuple[int, ...]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_EIGHT_BIT_RGB_IN_ONE_PASS = (8, 2, 0, 0, 0)
_BYTES = 3  # a pixel


@dataclass(frozen=True)
class Picture:
    """`lines` are top to bottom, each with red, green and blue of its pixels from left to right."""

    width: int
    height: int
    lines: tuple[bytes, ...]

    def pixel(self, x: int, y: int) -> Colour:
        """Its red, green and blue, 0 to 255; negative positions count from the right and from below."""
        start = x % self.width * _BYTES
        return tuple(self.lines[y][start : start + _BYTES])

    def colours(self) -> set[Colour]:
        return {
            colour
            for line in set(self.lines)
            for colour in zip(line[::_BYTES], line[1::_BYTES], line[2::_BYTES], strict=True)
        }

    def column(self, x: int) -> set[Colour]:
        """The colours of one column of pixels."""
        return {self.pixel(x, y) for y in range(self.height)}


def read(data: bytes) -> Picture:
    """Raises ValueError for a file that is no PNG, or one of another kind (https://www.w3.org/TR/png-3/)."""
    if not data.startswith(_SIGNATURE):
        raise ValueError("This is no PNG")
    chunks = list(_chunks(data))
    width, height, *kind = struct.unpack(">IIBBBBB", chunks[0][1])
    if tuple(kind) != _EIGHT_BIT_RGB_IN_ONE_PASS:
        raise ValueError(f"A PNG of a kind that is not read here: {kind}")
    packed = zlib.decompress(b"".join(body for name, body in chunks if name == b"IDAT"))
    return Picture(width, height, tuple(_lines(packed, width * _BYTES, height)))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        yield name, data[at + 8 : at + 8 + length]
        at += length + 12


def _lines(packed: bytes, length: int, height: int) -> Iterator[bytes]:
    above = bytes(length)
    for start in range(0, (length + 1) * height, length + 1):
        above = _unfiltered(packed[start], packed[start + 1 : start + 1 + length], above)
        yield above


def _unfiltered(kind: int, line: bytes, above: bytes) -> bytes:
    """Each byte is kept as the difference to a guess from its left (a), upper (b) and upper left (c) neighbour."""
    if kind == 0:
        return line
    if kind == 2:
        return bytes([(value + b) & 255 for value, b in zip(line, above, strict=True)])
    guess = _GUESSES[kind]
    whole = bytearray(_BYTES)
    for value, b, c in zip(line, above, bytes(_BYTES) + above, strict=False):
        whole.append((value + guess(whole[-_BYTES], b, c)) & 255)
    return bytes(whole[_BYTES:])


def _paeth(a: int, b: int, c: int) -> int:
    left, up, corner = abs(b - c), abs(a - c), abs(a + b - c - c)
    if left <= up and left <= corner:
        return a
    return b if up <= corner else c


_GUESSES: dict[int, Callable[[int, int, int], int]] = {
    1: lambda a, _b, _c: a,
    3: lambda a, b, _c: (a + b) // 2,
    4: _paeth,
}
