"""Bytes, and files that commands read."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Any, List, Mapping, Optional, Type, Union

from .errors import ProvennError

#: A file by its path.
Where = Union[str, "os.PathLike[str]"]
#: A file, or its bytes.
Data = Union[bytes, Where]


def read(data: Data) -> bytes:
    """The bytes."""
    if isinstance(data, bytes):
        return data
    try:
        return Path(data).read_bytes()
    except OSError as error:
        raise ProvennError("io", f"{os.fspath(data)}: {(error.strerror or str(error)).lower()}", "check the path") from error


def bytes_of(receipt: Any) -> bytes:
    """The bytes of a receipt, which is a ``Receipt`` or what ``read`` takes."""
    data: bytes = receipt.data if hasattr(receipt, "data") else read(receipt)
    return data


def write(path: Where, data: bytes, private: bool = False) -> None:
    """A file that was not there before; a private one is for its owner only, from its first byte on."""
    try:
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o644)
    except FileExistsError as error:
        raise ProvennError("output-exists", f"{os.fspath(path)} exists already", "name another file") from error
    with os.fdopen(made, "wb") as file:
        file.write(data)


class Folder:
    """A temporary folder, for its owner only, with the files of a command."""

    def __enter__(self) -> Folder:
        # Slow to import, and verification makes none.
        import tempfile

        self._folder = tempfile.TemporaryDirectory(prefix="provenn-")
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: object, trace: Optional[TracebackType]) -> None:
        self._folder.cleanup()

    def path(self, name: str) -> str:
        return os.path.join(self._folder.name, name)

    def put(self, name: str, data: Data) -> str:
        """The path of a file: where it is, or one made of its bytes."""
        if not isinstance(data, bytes):
            return os.fspath(data)
        Path(self.path(name)).write_bytes(data)
        return self.path(name)

    def get(self, name: str) -> bytes:
        return Path(self.path(name)).read_bytes()


def options(**named: Any) -> List[str]:
    """Options of a command; what is None, False or empty is left out."""
    words: List[str] = []
    for name, value in named.items():
        word = "--" + name.replace("_", "-")
        if value is True:
            words.append(word)
        elif isinstance(value, (list, tuple)):
            words.extend(f"{word}={one}" for one in value)
        elif value is not None and value is not False:
            words.append(f"{word}={os.fspath(value) if isinstance(value, os.PathLike) else value}")
    return words


def dims(sizes: Optional[Mapping[str, int]]) -> List[str]:
    return [f"{name}={size}" for name, size in (sizes or {}).items()]


def hexadecimal(value: Union[None, str, bytes]) -> Optional[str]:
    return value.hex() if isinstance(value, bytes) else value
