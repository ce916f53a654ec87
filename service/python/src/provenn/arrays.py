"""Arrays as the library takes them: ``.npy``, or the JSON of a sample."""

from __future__ import annotations

import io
import os
import struct
from typing import Any, Iterable, List, Mapping, Optional, Tuple, Union

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
    except ImportError:
        return plain(array)
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


def plain(array: Any) -> bytes:
    """Lists of numbers, or lists of them, as ``.npy``: what numpy would make of them where there is none."""
    values, shape = flat(array)
    for value in values:
        if not isinstance(value, (int, float)):
            found = type(value).__name__
            raise ProvennError("numpy-missing", f"{found}: without numpy arrays are lists of numbers", "install numpy, or give a .npy file")
    whole = all(isinstance(value, int) for value in values)
    try:
        data = struct.pack(f"<{len(values)}{'q' if whole else 'd'}", *values)
    except (struct.error, OverflowError) as error:
        raise ProvennError("npy", "a number that does not fit 64 bits", "give smaller numbers") from error
    head = f"{{'descr': '{'<i8' if whole else '<f8'}', 'fortran_order': False, 'shape': {tuple(shape)!r}, }}"
    # The data begin at a multiple of 64 bytes, as the format asks for.
    head += " " * (-(len(head) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + data


def flat(array: Any) -> Tuple[List[Any], List[int]]:
    """What is in an array or in lists, in its order, and the shape."""
    values, shape = listed([array]), []  # type: List[Any], List[int]
    while values and isinstance(values[0], (list, tuple)):
        lengths = {len(value) if isinstance(value, (list, tuple)) else -1 for value in values}
        if len(lengths) != 1:
            raise ProvennError("npy", "lists of different lengths", "give an array: in each of its axes all lists are of one length")
        shape.extend(lengths)
        values = listed(one for value in values for one in value)
    return values, shape


def listed(values: Iterable[Any]) -> List[Any]:
    """Arrays and numbers of numpy among them as lists and numbers."""
    return [value.tolist() if hasattr(value, "tolist") else value for value in values]


def labelled(policy: str, labels: Optional[Array]) -> str:
    """A policy about a batch with its list, of a label or a group for each item."""
    if labels is None:
        return policy
    given, _ = flat(labels)
    wrong = [one for one in given if not isinstance(one, int)]
    if wrong:
        raise ProvennError("labels", f"{wrong[0]!r} is among the labels; expected integers", "give a label for each item, from 0")
    return ":".join([policy, *(str(int(one)) for one in given)])


def named(arrays: Optional[Arrays]) -> List[Tuple[Optional[str], bytes]]:
    """Each array with the name of its input, or the only one."""
    if arrays is None:
        return []
    if isinstance(arrays, Mapping):
        return [(name, npy(array)) for name, array in arrays.items()]
    return [(None, npy(arrays))]
