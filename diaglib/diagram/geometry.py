"""Segments and boxes in the plane: what the layout avoids and legibility counts.

Used by layout and legibility. Rule: plain floats in, no allocation, since these run tens of thousands of times.
"""

from __future__ import annotations

from math import acos, degrees, hypot

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom


def segment_meets_box(ax: float, ay: float, bx: float, by: float, box: Box) -> bool:
    """Whether the segment a-b touches the inside of the box (separating axes: the two box axes and the normal of a-b)."""
    left, top, right, bottom = box
    if (ax <= left and bx <= left) or (ax >= right and bx >= right):
        return False
    if (ay <= top and by <= top) or (ay >= bottom and by >= bottom):
        return False
    dx, dy = bx - ax, by - ay
    # the signed distances of the four corners from the line: all on one side means no contact
    base = dx * ay - dy * ax
    one, two = dx * top - dy * left - base, dx * top - dy * right - base
    three, four = dx * bottom - dy * left - base, dx * bottom - dy * right - base
    if one >= 0 and two >= 0 and three >= 0 and four >= 0:
        return False
    return not (one <= 0 and two <= 0 and three <= 0 and four <= 0)


def segments_cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether a-b and c-d cross at a point inside both; touching ends and shared lines do not count."""
    ax, ay = a
    bx, by = b
    cx, cy = c
    dx, dy = d
    if (ax < cx and ax < dx and bx < cx and bx < dx) or (ax > cx and ax > dx and bx > cx and bx > dx):
        return False
    if (ay < cy and ay < dy and by < cy and by < dy) or (ay > cy and ay > dy and by > cy and by > dy):
        return False
    abx, aby, cdx, cdy = bx - ax, by - ay, dx - cx, dy - cy
    one = abx * (cy - ay) - aby * (cx - ax)
    two = abx * (dy - ay) - aby * (dx - ax)
    if one * two >= 0:
        return False
    three = cdx * (ay - cy) - cdy * (ax - cx)
    four = cdx * (by - cy) - cdy * (bx - cx)
    return three * four < 0


def crossing_angle_degrees(a: Point, b: Point, c: Point, d: Point) -> float:
    """The acute angle between the lines a-b and c-d, 0..90."""
    ux, uy, vx, vy = b[0] - a[0], b[1] - a[1], d[0] - c[0], d[1] - c[1]
    lengths = hypot(ux, uy) * hypot(vx, vy)
    if lengths == 0:
        return 90.0
    return degrees(acos(min(1.0, abs(ux * vx + uy * vy) / lengths)))


def overlap_area(one: Box, other: Box) -> float:
    """Area shared by two boxes, in px squared."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return width * height if width > 0 and height > 0 else 0.0


def box_gap(one: Box, other: Box) -> float:
    """Shortest distance between two boxes in px, 0 where they touch or overlap."""
    dx = max(one[0] - other[2], other[0] - one[2], 0.0)
    dy = max(one[1] - other[3], other[1] - one[3], 0.0)
    return hypot(dx, dy)
