"""Arrays as the library takes them: ``.npy``, or the JSON of a sample."""

from __future__ import annotations

import io
import os
from typing import Any, List, Mapping, Optional, Tuple, Union

from .errors import ProvennError
from .files import Data, read

#: A numpy array or what numpy makes one of, or a ``.npy`` file; by name for each input of a model with several.
Array = Any
Arrays = Union[Array, Mapping[str, Array]]


def npy(array: Array) -> bytes:
    """An array as ``.npy``; a file as it is."""
    if isinstance(array, (bytes, str, os.PathLike)):
        data: Data = array
        return read(data)
    try:
        import numpy
    except ImportError as error:
        raise ProvennError("numpy-missing", "arrays need numpy", "install numpy, or give a .npy file") from error
    values = numpy.asarray(array)
    if values.dtype.kind in "iub":
        values = values.astype("<i8")
    elif values.dtype.kind == "f":
        values = values.astype("<f8" if values.dtype.itemsize > 4 else "<f4")
    else:
        raise ProvennError("npy", f"an array of {values.dtype}; expected numbers", "give an array of floats or integers")
    made = io.BytesIO()
    numpy.save(made, numpy.ascontiguousarray(values), allow_pickle=False)
    return made.getvalue()


def labelled(policy: str, labels: Optional[Array]) -> str:
    """A policy about a batch with its list, of a label or a group for each item."""
    if labels is None:
        return policy
    import numpy

    given = numpy.asarray(labels)
    if given.dtype.kind not in "iub":
        raise ProvennError("labels", f"labels are an array of {given.dtype}; expected integers", "give a label for each item, from 0")
    return ":".join([policy, *map(str, given.ravel().tolist())])


def named(arrays: Optional[Arrays]) -> List[Tuple[Optional[str], bytes]]:
    """Each array with the name of its input, or the only one."""
    if arrays is None:
        return []
    if isinstance(arrays, Mapping):
        return [(name, npy(array)) for name, array in arrays.items()]
    return [(None, npy(arrays))]
