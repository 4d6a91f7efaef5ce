"""Which pictures are copies of each other, and folds that never part them. Used by `fit_readability` and notebook 05.

Rule: a copy is the same picture in another file, size, encoding or colour.
"""

from __future__ import annotations

import numpy as np

SAME_PICTURE_COSINE = 0.995
_AT_ONCE = 512


def copies(ink: np.ndarray) -> np.ndarray:
    """A group number for every picture of uint8 (n, 240, 400, 3); copies, and copies of copies, share one.

    Grey ink of 50 x 30 px, compared by cosine, so that neither size nor encoding nor one paler colour parts them.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    if not len(ink):
        return np.zeros(0, int)
    small = ink.reshape(len(ink), 30, 8, 50, 8, 3).mean(axis=(2, 4, 5), dtype=np.float32).reshape(len(ink), -1)
    small /= np.maximum(np.linalg.norm(small, axis=1, keepdims=True), 1e-6)
    small = np.column_stack([small, ~small.any(axis=1)])  # empty pictures are copies of each other
    first, second = [], []
    for start in range(0, len(small), _AT_ONCE):
        rows, columns = np.nonzero(small[start : start + _AT_ONCE] @ small.T > SAME_PICTURE_COSINE)
        first.append(rows + start)
        second.append(columns)
    pairs = (np.concatenate(first), np.concatenate(second))
    return connected_components(coo_matrix((np.ones(len(pairs[0])), pairs), (len(ink), len(ink))), directed=False)[1]


def grouped_folds(groups: np.ndarray, strata: np.ndarray, count: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """(train, test) places of `count` folds that part no group and share out the strata as evenly as groups allow."""
    import warnings

    from sklearn.model_selection import StratifiedGroupKFold

    folds = StratifiedGroupKFold(min(count, len(set(groups.tolist()))), shuffle=True, random_state=seed)
    with warnings.catch_warnings():  # a stratum of fewer members than folds is no fault here
        warnings.filterwarnings("ignore", message="The least populated class")
        return [(train, test) for train, test in folds.split(np.zeros(len(groups)), strata, groups) if len(test)]
