"""The people every fresh sandbox starts with.

These tokens open nothing but a sandbox on 127.0.0.1: they are constants so that a rehearsal can be typed from
the README, and the real Hub has never issued them.
"""

from __future__ import annotations

from evalbot.sandbox.accounts import Accounts, Organisation, Token
from evalbot.sandbox.permissions import FineGrained, Scope

GIT_ATTRIBUTES = (
    b"\n".join(
        b"*.%s filter=lfs diff=lfs merge=lfs -text" % ending
        for ending in (b"bin", b"gguf", b"h5", b"onnx", b"parquet", b"pt", b"pth", b"safetensors", b"zip")
    )
    + b"\n"
)
"""What a new repository's first commit holds, as on the Hub."""

_PROPOSES_ANYWHERE = FineGrained(everywhere=("discussion.write",))
_READS_ALICE = FineGrained(scoped=(Scope("user", "alice", ("repo.content.read",)),))

_TOKENS = (
    Token("hf_sandbox_alice", "alice", "alice", "write"),
    Token("hf_sandbox_alice_read", "alice-read", "alice", "read"),
    Token("hf_sandbox_bob", "bob", "bob", "write"),
    Token("hf_sandbox_carol", "carol", "carol", "write"),
    Token("hf_sandbox_carol_read", "carol-read", "carol", "read"),
    Token("hf_sandbox_bob_fine", "bob-fine", "bob", "fineGrained", _PROPOSES_ANYWHERE),
    Token("hf_sandbox_alice_fine_read", "alice-fine-read", "alice", "fineGrained", _READS_ALICE),
)


def accounts() -> Accounts:
    return Accounts(
        users={"alice": "Alice", "bob": "Bob", "carol": "Carol"},
        organisations={"acme": Organisation("Acme", ("alice",))},
        tokens={token.value: token for token in _TOKENS},
    )
