"""Whose socket listens on a port of this machine's loopback. Ports are seen by all users, and anybody may take one."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Final

LOOPBACK: Final = "127.0.0.1"
_TABLE: Final = Path("/proc/net/tcp")
_LISTENS: Final = "0A"
_ADDRESS, _STATE, _USER = 1, 3, 7


def listens_here(port: int) -> bool:
    """Whether a program of this user listens on the port; True also where the system does not tell."""
    with socket.socket() as known:
        known.bind((LOOPBACK, 0))
        known.listen(1)
        ours = _our_ports(_table())
        # A system that does not list a socket which is certainly there, such as macOS, tells nothing of the other.
        return port in ours or known.getsockname()[1] not in ours


def _table() -> str:
    """The sockets of IPv4, a line each, as proc(5) describes them; empty where there is no such file."""
    try:
        return _TABLE.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def _our_ports(table: str) -> set[int]:
    """The ports of loopback on which this user listens."""
    host = f"{int.from_bytes(socket.inet_aton(LOOPBACK), sys.byteorder):08X}:"
    rows = [fields for line in table.splitlines()[1:] if len(fields := line.split()) > _USER]
    return {
        int(row[_ADDRESS].removeprefix(host), 16)
        for row in rows
        if row[_ADDRESS].startswith(host) and row[_STATE] == _LISTENS and row[_USER] == str(os.geteuid())
    }
