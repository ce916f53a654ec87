"""Bundles: one file with everything that a verdict needs."""

from __future__ import annotations

from typing import Any, Optional, Sequence, Union

from .cards import Card, card_of
from .commands import command
from .files import Data, Folder, Where, bytes_of, options
from .receipts import Receipt


def bundle(
    receipts: Union[Receipt, Data, Sequence[Any]],
    card: Union[Card, Where],
    *,
    signature: Optional[Data] = None,
    log_proofs: Sequence[Data] = (),
    state: Optional[Data] = None,
    agreement: Optional[Data] = None,
    party_inputs: Sequence[Data] = (),
) -> bytes:
    """Receipts of one model with their card, its SRS key and what vouches for it; ``provenn.verify`` takes the bytes.

    ``state`` is what the publisher says of the model; ``agreement`` is what the receipts are under, ``party_inputs`` are the parties' signatures of inputs.
    """
    listed = receipts if isinstance(receipts, (list, tuple)) else [receipts]
    public = card_of(card)
    with Folder() as folder:
        words = options(
            receipt=[folder.put(f"receipt-{number}", bytes_of(one)) for number, one in enumerate(listed)],
            card=folder.put("model.card", public.data),
            srs=folder.put("srs.vk", public.srs),
            signature=None if signature is None else folder.put("signature", signature),
            log_proof=[folder.put(f"proof-{number}", proof) for number, proof in enumerate(log_proofs)],
            state=None if state is None else folder.put("state", state),
            agreement=None if agreement is None else folder.put("agreement", agreement),
            party_input=[folder.put(f"input-{number}", one) for number, one in enumerate(party_inputs)],
            out=folder.path("bundle"),
        )
        command(["bundle", *words])
        return folder.get("bundle")
