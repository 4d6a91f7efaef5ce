"""Training data from a grammar: sentences people could write, their plans and their diagrams."""

from diaglib.dataset.build import COLUMNS, build_dataset, data_card, rows, write_csv
from diaglib.dataset.rows import FAMILIES

__all__ = ["COLUMNS", "FAMILIES", "build_dataset", "data_card", "rows", "write_csv"]
