from typing import Optional, Sequence, Tuple

_Arrays = Sequence[Tuple[Optional[str], bytes]]

def card(card: bytes) -> str: ...
def claim(receipt: bytes, card: Optional[bytes]) -> str: ...
def verify(
    receipt: bytes,
    card: Optional[bytes],
    srs: Optional[bytes],
    signature: Optional[bytes],
    log_proof: Optional[bytes],
    state: Optional[bytes],
    agreement: Optional[bytes],
    party_inputs: Sequence[bytes],
    inputs: _Arrays,
    options: Sequence[str],
) -> str: ...
