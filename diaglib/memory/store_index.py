"""Nearest vectors: exactly with numpy while they are few, by a graph (HNSW, usearch) beyond. Used by the store.

Rule: it finds candidates only; whether an item still counts and how well it fits is decided by the store.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from diaglib.files import write_whole

if TYPE_CHECKING:
    import numpy as np

EXACT_ITEMS = 5_000  # half a millisecond for numpy
CONNECTIVITY = 16
EXPANSION_ADD = 128
EXPANSION_SEARCH = 256  # 128 found 97.9% of the ten nearest of 100,000
THREADS = 1  # several race for links: now and then a graph came out that missed what is near
GRAPH_SHARE = 0.25  # a graph leads to the nearest, not to all: asked for more than this share, every vector is looked at


class VectorIndex:
    """Unit vectors by whole-number id; nearness is the inner product, so that it equals the cosine."""

    def __init__(self, exact_items: int = EXACT_ITEMS) -> None:
        self.exact_items = exact_items
        self._ids: Any = None
        self._vectors: Any = None
        self._graph: Any = None

    def __len__(self) -> int:
        return len(self._graph) if self._graph is not None else 0 if self._ids is None else len(self._ids)

    @property
    def is_exact(self) -> bool:
        return self._graph is None

    def add(self, ids: np.ndarray, vectors: np.ndarray) -> None:
        """Adds vectors, float32 (n, dimensions), under new ids."""
        import numpy as np

        if not len(ids):
            return
        if self._graph is not None:
            self._graph.add(ids, vectors, threads=THREADS)
            return
        self._ids = np.array(ids) if self._ids is None else np.concatenate([self._ids, ids])
        self._vectors = np.array(vectors) if self._vectors is None else np.concatenate([self._vectors, vectors])
        if len(self._ids) > self.exact_items:
            from usearch.index import Index

            self._graph = Index(
                ndim=self._vectors.shape[1],
                metric="ip",
                dtype="f16",
                connectivity=CONNECTIVITY,
                expansion_add=EXPANSION_ADD,
                expansion_search=EXPANSION_SEARCH,
            )
            self._graph.add(self._ids, self._vectors, threads=THREADS)
            self._ids = self._vectors = None

    def discard(self, ids: list[int]) -> None:
        """Takes ids out; those that are not in it are no error."""
        import numpy as np

        if self._graph is not None:
            for one in ids:
                self._graph.remove(one)
        elif self._ids is not None:
            keep = ~np.isin(self._ids, ids)
            self._ids, self._vectors = self._ids[keep], self._vectors[keep]

    def nearest(self, vector: np.ndarray, count: int) -> list[int]:
        """At most `count` ids, nearest first."""
        import numpy as np

        if self._graph is not None:
            exact = count > GRAPH_SHARE * len(self._graph)
            return self._graph.search(vector, count, exact=exact).keys.tolist()
        if self._ids is None or not len(self._ids):
            return []
        nearness = self._vectors @ vector
        count = min(count, len(nearness))
        best = np.argpartition(-nearness, count - 1)[:count]
        return self._ids[best[np.argsort(-nearness[best], kind="stable")]].tolist()

    def save(self, path: Path) -> None:
        """Writes the graph to a file, whole or not at all. Raises OSError where it cannot be written."""
        write_whole(path, self._graph.save())

    @classmethod
    def load(cls, path: Path) -> VectorIndex:
        """The graph of a file. Raises RuntimeError or ValueError where it holds none, OSError where it cannot be read."""
        from usearch.index import Index

        index = cls()
        index._graph = Index.restore(path.read_bytes())  # of a path it would remember the file, and save to it in place
        if index._graph is None:
            raise ValueError(f"{path} holds no index")
        index._graph.expansion_search = EXPANSION_SEARCH
        return index
