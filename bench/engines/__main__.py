"""What running evaluations costs, and whether the values are the engines' own. Run by `make bench-engines`.

    python -m bench.engines [sharing] [overhead] [real]

Figures are printed and bars are checked: the exit code is 1 where one does not hold. Real engines on the CPU take their
time, and two cores that have something else to do measure that as well: the load is printed before each part.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench.engines import agreement, overhead, sharing
from bench.engines.stage import CannotMeasure, uv_environment

if TYPE_CHECKING:
    from collections.abc import Mapping

PARTS = {"sharing": sharing.measure, "overhead": overhead.measure, "real": agreement.measure}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.engines", description=__doc__.split("\n", 1)[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    asked = parser.parse_args().parts or list(PARTS)
    unknown = [name for name in asked if name not in PARTS]
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # in order, with the end of all that was started
    with tempfile.TemporaryDirectory() as shims:
        try:
            environment = uv_environment(Path(shims))
            held = [_part(name, environment) for name in asked]
        except CannotMeasure as reason:
            print(f"not measured: {reason}", file=sys.stderr)
            return 1
    return 0 if all(held) else 1


def _part(name: str, environment: Mapping[str, str]) -> bool:
    print(f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", end="", flush=True)
    return PARTS[name](environment)


if __name__ == "__main__":
    sys.exit(main())
