"""The hardware that jobs can run on, with its prices, as the Hub lists it today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalbot.errors import AccessDenied, NothingFound, ServiceFailure
from evalbot.evaluate.hardware.flavors import packaged_flavors, read_flavors

if TYPE_CHECKING:
    from evalbot.evaluate.hardware.flavors import Flavor
    from evalbot.hub.client import Hub


@dataclass(frozen=True, slots=True)
class HardwareList:
    """`note` says where the Hub's own list could not be read and the packaged one stands in; None otherwise."""

    flavors: tuple[Flavor, ...]
    note: str | None = None


def read_hardware(hub: Hub) -> HardwareList:
    """`GET /api/jobs/hardware` (huggingface_hub 2.4, list_jobs_hardware); the packaged list where that fails."""
    try:
        with hub.translated("read the list of hardware for jobs", ""):
            return HardwareList(read_flavors(hub.get_json(f"{hub.endpoint}/api/jobs/hardware")))
    except (ServiceFailure, AccessDenied, NothingFound) as error:
        date, flavors = packaged_flavors()
        why = error.message.rstrip(".")
        return HardwareList(flavors, f"{why}. The hardware and prices shown are those of {date}, and may have changed.")
