"""Proofs that a committed neural network gave an output.

The owner of a model commits to it and proves what it computes::

    committed = provenn.commit("model.onnx", calibration=rows)
    receipt = committed.prove(x, policy="label")

Whoever has the model's card verifies::

    provenn.verify(receipt, committed.card, accept_dev=True).output

Names are imported when they are first used: whoever only verifies loads no code of what proves, and ``provenn.service``
loads no library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, List

from .errors import ProvennError

if TYPE_CHECKING:
    from . import color, service
    from .audits import Audit, audit
    from .bundles import bundle
    from .cards import Card, Fidelity, Tensor
    from .inspection import Forecast, Inspection, inspect
    from .owner import Committed, commit, load
    from .receipts import Claim, ClaimInput, Explanation, Receipt, explain
    from .verdicts import Check, Verdict, verify

#: Where each name is.
_HOMES = {
    "audits": ("Audit", "audit"),
    "bundles": ("bundle",),
    "cards": ("Card", "Fidelity", "Tensor"),
    "inspection": ("Forecast", "Inspection", "inspect"),
    "owner": ("Committed", "commit", "load"),
    "receipts": ("Claim", "ClaimInput", "Explanation", "Receipt", "explain"),
    "verdicts": ("Check", "Verdict", "verify"),
}

__all__ = [
    "Audit",
    "Card",
    "Check",
    "Claim",
    "ClaimInput",
    "Committed",
    "Explanation",
    "Fidelity",
    "Forecast",
    "Inspection",
    "ProvennError",
    "Receipt",
    "Tensor",
    "Verdict",
    "audit",
    "bundle",
    "color",
    "commit",
    "explain",
    "inspect",
    "load",
    "service",
    "verify",
]


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f".{home}", __name__), name)
    if name in ("color", "service"):
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> List[str]:
    return sorted(__all__)
