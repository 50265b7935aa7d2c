"""Tables in Markdown."""

import re

_SPECIAL = re.compile(r"([\\*_{}\[\]<>|$~])")
_CODE = re.compile(r"(`[^`]*`)")
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def table(header: list[str], rows: list[list[str]]) -> str:
    """A table of cells that are Markdown already, with a blank line at its end."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"


def plain(text: str) -> str:
    """Text in which no character means anything to Markdown but the backticks about code."""
    pieces = _CODE.split(text)
    return "".join(one if one[:1] == "`" else _SPECIAL.sub(r"\\\1", one) for one in pieces)


def unbroken(text: str) -> str:
    """Text in one line: a number with its error, or Chinese, which breaks after every sign."""
    return f"[{text}]{{.sd-text-nowrap}}"


def number(value: float, digits: int = 6) -> str:
    """A number as it is read: significant digits, powers of ten, a sign for infinity."""
    text = f"{value:.{digits}g}".replace("inf", "∞")
    mantissa, _, power = text.partition("e")
    if power:
        mantissa = "" if mantissa == "1" else f"{mantissa} × "
        text = f"{mantissa}10{str(int(power)).translate(_SUPERSCRIPT)}"
    return text.replace("-", "−")


def filled(prose: str, parts: dict[str, str]) -> str:
    """Prose with each line `<!-- told: NAME -->` replaced by the part of that name. Raises KeyError
    for a name that is not there, ValueError for a part that the prose has no place for.
    """
    asked = re.findall(r"^<!-- told: (.+) -->$", prose, re.MULTILINE)
    if left := set(parts) - set(asked):
        raise ValueError(f"no place for {', '.join(sorted(left))}")
    for name in asked:
        prose = prose.replace(f"<!-- told: {name} -->", parts[name].strip())
    return prose
