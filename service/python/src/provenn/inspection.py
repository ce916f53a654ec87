"""What a model would cost, before anything is committed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping, Optional, Sequence, Tuple, Union

from .arrays import Arrays, named
from .cards import Fidelity
from .commands import command
from .files import Folder, dims as sizes, options
from .html import table
from .models import Model, onnx


@dataclass(frozen=True)
class Forecast:
    """What the cost model says; nothing of it is measured."""

    #: What is proven with: ``ifma``, ``avx2`` or ``portable``.
    machine: str
    prove_cpu_seconds: float
    commit_cpu_seconds: float
    memory_bytes: int
    receipt_bytes: int
    card_bytes: int
    verify_ms: float
    gas: int


@dataclass(frozen=True)
class Inspection:
    """What a model is, and what its receipts would cost."""

    name: str
    #: How often each operator is there.
    operators: Mapping[str, int]
    parameters: int
    #: The circuit has 2^k rows.
    k: int
    forecast: Forecast
    #: What each objective of ``optimize`` gives.
    choices: Mapping[str, Forecast]
    fidelity: Fidelity
    warnings: Tuple[str, ...]
    #: Everything that ``provenn inspect --json`` prints.
    report: Mapping[str, Any] = field(repr=False)

    def _repr_html_(self) -> str:
        cost = self.forecast
        rows = [
            ("operators", ", ".join(f"{name} x{count}" for name, count in self.operators.items())),
            ("parameters", f"{self.parameters:,}"),
            ("circuit", f"2^{self.k} rows"),
            ("proof", f"{cost.prove_cpu_seconds:.2f} CPU seconds, {cost.memory_bytes >> 20} MiB"),
            ("receipt", f"{cost.receipt_bytes:,} bytes, verified in {cost.verify_ms:.1f} ms"),
            ("fidelity", str(self.fidelity)),
            *(("warning", warning) for warning in self.warnings),
        ]
        return table(f"Model: {self.name}", rows, "Costs are of a cost model, not measured.")


def inspect(
    model: Model,
    calibration: Optional[Arrays] = None,
    *,
    committed: Union[bool, Sequence[str]] = False,
    dims: Optional[Mapping[str, int]] = None,
    batch: int = 0,
    optimize: str = "balanced",
) -> Inspection:
    """What a model is and what a proof would cost; without ``calibration`` on seeded values, with ``batch`` on so many items at once."""
    with Folder() as folder:
        rows = []
        for number, (name, data) in enumerate(named(calibration)):
            path = folder.put(f"rows-{number}.npy", data)
            rows.append(path if name is None else f"{name}={path}")
        words = options(
            calibration=rows,
            dim=sizes(dims),
            batch=batch or None,
            input="committed" if committed is True else None,
            committed=[] if isinstance(committed, bool) else list(committed),
            optimize=optimize,
        )
        found = command(["inspect", folder.put("model.onnx", onnx(model)), *words])
    return Inspection(
        name=found["name"],
        operators=found["operators"],
        parameters=found["parameters"],
        k=found["k"],
        forecast=Forecast(**found["forecast"]),
        choices={one["objective"]: Forecast(**one["forecast"]) for one in found["choices"]},
        fidelity=Fidelity.of(found["fidelity"]),
        warnings=tuple(found["warnings"]),
        report=found,
    )
