"""Places a plan on the canvas: networks as chains, nodes or branches, flowcharts in ranks."""

from diaglib.diagram.layout.place import place

__all__ = ["place"]
