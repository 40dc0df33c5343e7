"""`python -m evalbot`."""

from evalbot.cli import main

main()
