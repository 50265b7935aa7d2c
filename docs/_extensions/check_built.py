"""`python docs/_extensions/check_built.py FOLDER` reads a built site: every internal link leads to
a file, and to an anchor where it names one, and no page loads anything from elsewhere. External
links are not fetched.
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# What a browser loads without being asked: element and attribute. Other links wait for a click.
LOADED = {
    ("script", "src"),
    ("img", "src"),
    ("source", "src"),
    ("video", "src"),
    ("video", "poster"),
    ("audio", "src"),
    ("iframe", "src"),
    ("embed", "src"),
    ("object", "data"),
    ("use", "href"),
    ("image", "href"),
    ("link", "href"),
}
# Relations of <link> that lead somewhere and load nothing.
LEADING = {"index", "search", "next", "prev", "author", "canonical", "alternate", "copyright"}
IN_STYLES = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")
# An address of another machine: a scheme that loads from one, or two slashes.
ELSEWHERE = re.compile(r"(?:https?:|ftp:|wss?:)?//", re.I)


class Page(HTMLParser):
    """Names that a page can be entered at, what it links to, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.in_style = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Gather from one element."""
        given = {name: value for name, value in attrs if value}
        self.anchors.update(given[name] for name in ("id", "name") if name in given)
        self.loads += style_loads(given.get("style", ""))
        self.in_style = tag == "style"
        leads = tag == "link" and LEADING.intersection(given.get("rel", "").split())
        for name, value in given.items():
            if name == "srcset":
                self.loads += [one.split()[0] for one in value.split(",") if one.strip()]
            elif (tag, name) in LOADED and not leads:
                self.loads.append(value)
            elif name == "href":
                self.links.append(value)

    def handle_data(self, data: str) -> None:
        """A style sheet within the page."""
        if self.in_style:
            self.loads += style_loads(data)

    def handle_endtag(self, tag: str) -> None:
        """No element lies within a style sheet."""
        self.in_style = False


def html(folder: Path) -> list[Path]:
    """The pages of a built site; what lies in `_static` are the theme's own files."""
    found = folder.rglob("*.html")
    return sorted(p for p in found if "_static" not in p.relative_to(folder).parts)


def style_loads(text: str) -> list[str]:
    """Addresses that a style sheet loads."""
    return [first or second for first, second in IN_STYLES.findall(text)]


def faults(folder: Path) -> list[str]:
    """What is wrong with a built site, a sentence each; [] where nothing is."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in html(folder)}
    found = []
    for path, page in pages.items():
        here = path.relative_to(folder)
        for address in page.loads:
            if ELSEWHERE.match(address):
                found.append(f"{here} loads {address} from elsewhere.")
        for address in dict.fromkeys([*page.links, *page.loads]):
            if fault := broken(address, path, pages):
                found.append(f"{here} links to {address}: {fault}.")
    for path in sorted(folder.rglob("*.css")):
        for address in style_loads(path.read_text(encoding="utf-8")):
            if ELSEWHERE.match(address):
                found.append(f"{path.relative_to(folder)} loads {address} from elsewhere.")
    return found


def broken(address: str, path: Path, pages: dict[Path, Page]) -> str:
    """Why an address in the page at `path` leads nowhere; '' for one that does, or that leads out
    of the site.
    """
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return ""
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.is_file():
        return "there is no such file"
    anchor = unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].anchors:
        return "the page has no such anchor"
    return ""


def main(folder: str) -> None:
    """Say what is wrong, or how much was looked at."""
    root = Path(folder).resolve()
    if found := faults(root):
        sys.exit("\n".join([*found, f"{len(found)} faults."]))
    count = len(html(root))
    if not count:
        sys.exit(f"There is no page in {root}: build the site first.")
    print(f"{count} pages: every internal link leads somewhere, and nothing comes from elsewhere.")


if __name__ == "__main__":
    main(sys.argv[1])
