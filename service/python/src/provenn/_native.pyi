from typing import Callable, List, Optional, Sequence, Tuple

_Arrays = Sequence[Tuple[Optional[str], bytes]]
_Progress = Optional[Callable[[str, float], object]]

class Committed:
    warnings: List[str]
    def public(self) -> Tuple[bytes, bytes]: ...
    def prove(
        self,
        inputs: _Arrays,
        policy: str,
        output: Optional[str],
        audience: str,
        nonce: Optional[str],
        not_after: int,
        progress: _Progress,
    ) -> Tuple[bytes, str, Optional[str]]: ...
    def save(self, folder: str) -> None: ...

def commit(
    model: bytes,
    dims: Sequence[str],
    batch: int,
    calibration: _Arrays,
    held_out: _Arrays,
    committed_inputs: Optional[Sequence[str]],
    outputs: str,
    optimize: str,
    about: Optional[bytes],
    parameters: Optional[str],
    progress: _Progress,
) -> Committed: ...
def load(folder: str, parameters: Optional[str]) -> Committed: ...
def command(words: Sequence[str]) -> str: ...
def main(words: Sequence[str]) -> int: ...
