"""Audits: what a card says, rebuilt from the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Optional, Tuple, Union

from .cards import Card
from .commands import command
from .files import Data, Folder, Where, dims as sizes, options
from .html import table
from .models import Model, onnx


@dataclass(frozen=True)
class Audit:
    """A card that is as the model says. One that is not is a ``ProvennError``."""

    #: Pin this id: what was rebuilt holds for all receipts under it.
    model_id: str
    srs_id: str
    #: Name and meaning of everything that was rebuilt and compared.
    checks: Tuple[Tuple[str, str], ...]
    #: Whether the weights were compared, for which the owner's openings are needed.
    weights_compared: bool
    dev: bool
    publisher: Optional[str]

    def _repr_html_(self) -> str:
        note = "" if self.weights_compared else "The weights were not compared."
        return table("Audited: equal to the card", [("model id", self.model_id), *self.checks], note)


def audit(
    card: Union[Card, Where],
    model: Model,
    *,
    openings: Optional[Where] = None,
    dims: Optional[Mapping[str, int]] = None,
    publisher: Optional[str] = None,
    signature: Optional[Data] = None,
    srs: Optional[Where] = None,
) -> Audit:
    """Rebuilds keys and recipe of a card from the ONNX model or its structure; with ``openings`` (``model.private``) the weights too."""
    with Folder() as folder:
        data = folder.put("model.card", card.data if isinstance(card, Card) else card)
        words = options(
            card=data,
            model=folder.put("model.onnx", onnx(model)),
            openings=openings,
            dim=sizes(dims),
            publisher=publisher,
            signature=None if signature is None else folder.put("signature", signature),
            srs=srs,
        )
        found = command(["audit", *words])
    checks = tuple((one["name"], one["meaning"]) for one in found["checks"])
    return Audit(found["model_id"], found["srs_id"], checks, found["weights_compared"], found["dev_srs"], found["publisher"])
