"""Docstrings as Markdown. They are nearly that already; what is left is that formulas, which are
written in ASCII, stay as they are coded, and that nothing in one is taken for markup.
"""

import re

# What a docstring marks on purpose: code between backticks, and bold words.
MARKED = re.compile(r"(`[^`]+`|\*\*[A-Z][\w ]*\*\*)")
# A paragraph that is one formula: a symbol, perhaps with arguments, and what it equals.
FORMULA = re.compile(r"[A-Za-z]\w{0,8}(\([\w, ]*\))? = [^`]*$", re.S)
# A line of the sections "Parameters" and "Attributes" of an estimator: names, and what they are.
NAMED = re.compile(r"((?:\w+, )*\w+) : (.*)", re.S)
# What would begin a list, a heading or a quotation in the middle of a paragraph.
BEGINS = re.compile(r"^([-+=>#]|\d+\.)(?=\s|[-+=>#]|$)")


def first_sentence(text: str) -> str:
    """The first sentence of a docstring, on one line."""
    line = " ".join(text.split("\n\n")[0].split())
    return re.split(r"(?<=[^.][.])\s+(?=[A-Z`])", line)[0]


def escaped(text: str, link=lambda word: f"`{word}`") -> str:
    """Words that Markdown shows as they are; `link` says how code between backticks is shown."""
    parts = MARKED.split(text)
    for i, part in enumerate(parts):
        if i % 2 == 0:
            parts[i] = re.sub(r"([\\*<>\[\]$|{}]|(?<!\w)_|_(?!\w))", r"\\\1", part)
        elif part.startswith("`"):
            parts[i] = link(part[1:-1])
    return "".join(parts)


def markdown(text: str, link=lambda word: f"`{word}`") -> str:
    """A docstring as Markdown, its examples (`>>>`) left out."""
    blocks = [_block(block, link) for block in re.split(r"\n\s*\n", _without_examples(text))]
    return "\n\n".join(block for block in blocks if block)


def examples(text: str) -> str:
    """The examples of a docstring: lines from `>>>` to the next blank one."""
    found = re.findall(r"^[ ]*>>> .*?(?=\n\s*\n|\Z)", text, re.M | re.S)
    return "\n".join(found)


def _without_examples(text: str) -> str:
    return re.sub(r"^[ ]*>>> .*?(?=\n\s*\n|\Z)", "", text, flags=re.M | re.S)


def _block(block: str, link) -> str:
    """One paragraph, list, heading or formula."""
    lines = block.strip("\n").split("\n")
    if len(lines) > 1 and re.fullmatch(r"-{3,}", lines[1].strip()):
        rest = _block("\n".join(lines[2:]), link) if lines[2:] else ""
        return f"**{lines[0].strip()}**\n\n{rest}".strip()
    if all(line.startswith("    ") for line in lines) or FORMULA.fullmatch(block.strip()):
        return "```text\n" + "\n".join(line.removeprefix("    ") for line in lines) + "\n```"
    if re.match(r"- ", lines[0]):
        return _list(lines, re.compile("- "), link)
    if NAMED.fullmatch(lines[0]):
        return _list(lines, NAMED, link)
    words = [escaped(line, link) for line in lines]
    return "\n".join([words[0], *(BEGINS.sub(r"\\\1", line) for line in words[1:])])


def _list(lines: list[str], begins: re.Pattern, link) -> str:
    """Items that begin where the pattern does; their further lines are indented."""
    items: list[str] = []
    for line in lines:
        if begins.match(line):
            items.append(line)
        else:
            items[-1] += " " + line.strip()
    shown = []
    for item in items:
        named = NAMED.fullmatch(item)
        if named and begins is NAMED:
            names = ", ".join(f"`{name}`" for name in named[1].split(", "))
            shown.append(f"- {names}: {escaped(named[2], link)}")
        else:
            shown.append("- " + escaped(item.removeprefix("- "), link))
    return "\n".join(shown)
