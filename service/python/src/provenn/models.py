"""Models as ONNX: files, bytes, ``onnx.ModelProto``, estimators of scikit-learn."""

from __future__ import annotations

import os
from typing import Any

from .errors import ProvennError
from .files import read

#: An ONNX file, its bytes, an ``onnx.ModelProto``, or a fitted estimator of scikit-learn.
Model = Any

#: Operator sets that estimators are written in.
OPSETS = {"": 21, "ai.onnx.ml": 3}


def onnx(model: Model) -> bytes:
    """The model as an ONNX file."""
    if isinstance(model, (bytes, str, os.PathLike)):
        return read(model)
    if hasattr(model, "SerializeToString"):
        made: bytes = model.SerializeToString()
        return made
    if hasattr(model, "get_params") and (hasattr(model, "predict") or hasattr(model, "transform")):
        return _estimator(model)
    raise ProvennError(
        "model-type",
        f"a model is a path, bytes, an onnx.ModelProto or an estimator of scikit-learn; found {type(model).__name__}",
        "export the model to ONNX",
    )


def _estimator(model: Any) -> bytes:
    try:
        from skl2onnx import to_onnx
        from skl2onnx.common.data_types import FloatTensorType
    except ImportError as error:
        raise ProvennError(
            "skl2onnx-missing", "estimators of scikit-learn need skl2onnx", "pip install 'provenn[sklearn]'"
        ) from error
    features = getattr(model, "n_features_in_", None)
    if features is None:
        raise ProvennError("model-type", "the estimator is not fitted", "call its fit first")
    types = [("input", FloatTensorType([None, features]))]
    data: bytes = to_onnx(model, initial_types=types, target_opset=OPSETS).SerializeToString()
    return data
