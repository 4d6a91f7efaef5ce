"""Node lines, the published text format: an exact writer and a reader of what models write."""

from diaglib.diagram.text.lines import MAX_CHARACTERS, MAX_NODES, Parsed, Problem, parse, write_lines

__all__ = ["MAX_CHARACTERS", "MAX_NODES", "Parsed", "Problem", "parse", "write_lines"]
