"""How a measured number is written: with its unit, and never rounded to a zero that it is not. Pure."""

from __future__ import annotations

from enum import StrEnum

_TINY, _HUGE = 0.005, 1e15  # where two decimals, or all digits, stop being readable


class Unit(StrEnum):
    PERCENT = "percent"
    SECONDS = "seconds"
    COUNT = "count"
    REQUESTS_PER_SECOND = "requests per second"
    NONE = "none"


def shown(value: float, unit: Unit) -> str:
    match unit:
        case Unit.PERCENT:
            return f"{_number(value)} %"
        case Unit.SECONDS:
            return duration(value)
        case Unit.COUNT:
            return f"{value:,.0f}" if value.is_integer() and abs(value) < _HUGE else _number(value)
        case Unit.REQUESTS_PER_SECOND:
            return f"{_number(value)} requests/s"
        case Unit.NONE:
            return _number(value)


def duration(seconds: float) -> str:
    if abs(seconds) >= 1:
        return f"{_number(seconds)} s"
    milliseconds = seconds * 1000
    return f"{milliseconds:.0f} ms" if abs(milliseconds) >= 1 or not milliseconds else f"{milliseconds:.2g} ms"


def _number(value: float) -> str:
    if 0 < abs(value) < _TINY or abs(value) >= _HUGE:
        return f"{value:.2g}"
    return f"{value:,.2f}"
