"""Proofs that a graph is colourable, which show nothing of the colouring."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, Iterable, List, Optional, Sequence, Tuple, Union

from .commands import command
from .errors import ProvennError
from .files import Data, Folder, Where, hexadecimal, options
from .html import table

#: A file (DIMACS ``.col``, edges, GraphML, node-link JSON) or its bytes, edges of vertices from 0, or a graph of networkx.
Graph = Union[Data, Iterable[Tuple[int, int]], Any]


@dataclass(frozen=True)
class Coloured:
    """A graph that somebody can colour. A receipt that does not hold is a ``ProvennError``."""

    colours: int
    vertices: int
    edges: int
    #: Digest of the graph.
    graph: str
    dev: bool
    #: The graph, without colours: nobody but the prover knows them. None if it was not asked for.
    drawing: Optional[str] = field(default=None, repr=False)

    def _repr_html_(self) -> str:
        title = "VALID under development parameters" if self.dev else "VALID"
        rows = [("colours", self.colours), ("vertices", self.vertices), ("edges", self.edges), ("graph", self.graph)]
        return table(title, rows) + (self.drawing or "")


def find(graph: Graph, k: int, *, steps: Optional[int] = None, seed: Optional[int] = None) -> List[int]:
    """Looks for a colouring: a colour for each vertex. That none is found proves nothing."""
    with Folder() as folder:
        words = options(graph=_put(folder, graph), k=k, steps=steps, seed=seed, out=folder.path("colours"))
        command(["color", "find", *words])
        return [int(line) for line in folder.get("colours").split()]


def prove(
    graph: Graph,
    colours: Sequence[int],
    k: int,
    *,
    audience: str = "",
    nonce: Union[None, str, bytes] = None,
    not_after: int = 0,
    srs: Optional[Where] = None,
) -> bytes:
    """A receipt: whoever made it knows a proper colouring of this graph in ``k`` colours."""
    with Folder() as folder:
        words = options(
            graph=_put(folder, graph),
            colours=folder.put("colours", "".join(f"{int(colour)}\n" for colour in colours).encode()),
            k=k,
            audience=audience or None,
            nonce=hexadecimal(nonce),
            not_after=not_after,
            srs=srs,
            out=folder.path("receipt"),
        )
        command(["color", "prove", *words])
        return folder.get("receipt")


def verify(
    receipt: Data,
    graph: Graph,
    *,
    k: Optional[int] = None,
    accept_dev: bool = False,
    audience: Optional[str] = None,
    nonce: Union[None, str, bytes] = None,
    srs: Optional[Where] = None,
    srs_id: Union[None, str, bytes] = None,
    draw: bool = False,
) -> Coloured:
    """Checks a receipt against a graph, whose circuit key nobody else has to be asked for; ``draw`` graphs of up to 500 vertices."""
    with Folder() as folder:
        words = options(
            graph=_put(folder, graph),
            receipt=folder.put("receipt", receipt),
            k=k,
            accept_dev=accept_dev,
            audience=audience,
            nonce=hexadecimal(nonce),
            srs=srs,
            srs_id=hexadecimal(srs_id),
            svg=folder.path("drawing") if draw else None,
        )
        found = command(["color", "verify", *words])
        drawing = folder.get("drawing").decode() if draw else None
    return Coloured(found["colours"], found["vertices"], found["edges"], found["graph"], found["dev"], drawing)


def _put(folder: Folder, graph: Graph) -> str:
    if isinstance(graph, (bytes, str, os.PathLike)):
        return folder.put("graph", graph)
    if hasattr(graph, "nodes") and hasattr(graph, "edges"):
        places = {vertex: place for place, vertex in enumerate(graph.nodes)}
        edges = [(places[u], places[v]) for u, v in graph.edges()]
        count = len(places)
    else:
        edges = [(int(u), int(v)) for u, v in graph]
        count = 1 + max((max(edge) for edge in edges), default=-1)
    if not edges:
        raise ProvennError("graph-file", "the graph has no edges", "give a graph with edges")
    lines = [f"p edge {count} {len(edges)}", *(f"e {u + 1} {v + 1}" for u, v in edges)]
    return folder.put("graph", ("\n".join(lines) + "\n").encode())
