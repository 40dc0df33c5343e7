"""The machines a job may ask for: `GET /api/jobs/hardware`, docs/hub-api.md, Jobs.

Names, prices, VRAM and the CPU machines are the Hub's of August 2026; vCPU, memory and disk of the GPU machines are
rounded. Nothing here limits what a job can use on this machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Flavor:
    """`ram`, `disk` and `vram` (of all its accelerators together) in GB; `price` in dollars an hour."""

    name: str
    title: str
    cpus: int
    ram: int
    disk: int
    price: float
    gpu: str = ""
    gpus: int = 0
    vram: int = 0

    @property
    def micro_dollars(self) -> int:
        """The price of a minute in millionths of a dollar: 167 for cpu-basic."""
        return round(self.price * 1_000_000 / 60)

    def as_json(self) -> dict[str, Any]:
        shown = {
            "name": self.name,
            "prettyName": self.title,
            "cpu": f"{self.cpus} vCPU",
            "ram": f"{self.ram} GB",
            "ephemeralStorage": f"{self.disk} GB",
            "unitCostMicroUSD": self.micro_dollars,
            "unitCostUSD": self.micro_dollars / 1_000_000,
            "unitLabel": "minute",
        }
        return {**shown, "accelerator": self._accelerator()} if self.gpus else shown

    def _accelerator(self) -> dict[str, str]:
        return {
            "type": "gpu",
            "model": self.gpu,
            "quantity": str(self.gpus),
            "vram": f"{self.vram} GB",
            "manufacturer": "Nvidia",
        }

    def environment(self) -> dict[str, str]:
        """What a job is told about its machine; the values' form is our guess."""
        return {
            "ACCELERATOR": self.name if self.gpus else "none",
            "CPU_CORES": str(self.cpus),
            "MEMORY": f"{self.ram}Gi",
        }


FLAVORS = {
    flavor.name: flavor
    for flavor in (
        Flavor("cpu-basic", "CPU Basic", 2, 16, 50, 0.01),
        Flavor("cpu-upgrade", "CPU Upgrade", 8, 32, 50, 0.03),
        Flavor("cpu-xl", "CPU XL", 16, 124, 1000, 1.00),
        Flavor("cpu-performance", "CPU Performance", 32, 256, 1000, 1.90),
        Flavor("t4-small", "Nvidia T4 - small", 4, 15, 50, 0.40, "T4", 1, 16),
        Flavor("t4-medium", "Nvidia T4 - medium", 8, 30, 100, 0.60, "T4", 1, 16),
        Flavor("l4x1", "1x Nvidia L4", 8, 30, 400, 0.80, "L4", 1, 24),
        Flavor("l4x4", "4x Nvidia L4", 48, 186, 3200, 3.80, "L4", 4, 96),
        Flavor("l40sx1", "1x Nvidia L40S", 8, 62, 380, 1.80, "L40S", 1, 48),
        Flavor("l40sx4", "4x Nvidia L40S", 48, 382, 3200, 8.30, "L40S", 4, 192),
        Flavor("l40sx8", "8x Nvidia L40S", 192, 1534, 6500, 23.50, "L40S", 8, 384),
        Flavor("a10g-small", "Nvidia A10G - small", 4, 15, 110, 1.00, "A10G", 1, 24),
        Flavor("a10g-large", "Nvidia A10G - large", 12, 46, 200, 1.50, "A10G", 1, 24),
        Flavor("a10g-largex2", "2x Nvidia A10G - large", 24, 92, 1000, 3.00, "A10G", 2, 48),
        Flavor("a10g-largex4", "4x Nvidia A10G - large", 48, 184, 2000, 5.00, "A10G", 4, 96),
        Flavor("a100-large", "Nvidia A100 - large", 12, 142, 1000, 2.50, "A100", 1, 80),
        Flavor("a100x4", "4x Nvidia A100", 48, 568, 4000, 10.00, "A100", 4, 320),
        Flavor("a100x8", "8x Nvidia A100", 96, 1136, 8000, 20.00, "A100", 8, 640),
        Flavor("h200", "Nvidia H200", 23, 256, 3000, 5.00, "H200", 1, 141),
        Flavor("h200x2", "2x Nvidia H200", 46, 512, 6000, 10.00, "H200", 2, 282),
        Flavor("h200x4", "4x Nvidia H200", 92, 1024, 12000, 20.00, "H200", 4, 564),
        Flavor("h200x8", "8x Nvidia H200", 184, 2048, 24000, 40.00, "H200", 8, 1128),
        Flavor("rtx-pro-6000", "Nvidia RTX PRO 6000", 22, 180, 1000, 2.75, "RTX PRO 6000", 1, 96),
        Flavor("rtx-pro-6000x2", "2x Nvidia RTX PRO 6000", 44, 360, 2000, 5.50, "RTX PRO 6000", 2, 192),
        Flavor("rtx-pro-6000x4", "4x Nvidia RTX PRO 6000", 88, 720, 4000, 11.00, "RTX PRO 6000", 4, 384),
        Flavor("rtx-pro-6000x8", "8x Nvidia RTX PRO 6000", 176, 1440, 8000, 22.00, "RTX PRO 6000", 8, 768),
    )
}
