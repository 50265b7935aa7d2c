"""Formulas as MathML, which browsers set themselves: no script, no font from elsewhere."""

import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.math import get_node_equation_number

# Names of functions, which the converter writes as if they were variables: without the thin space
# that TeX leaves beside them, but for an opening bracket behind.
_FUNCTION = re.compile(
    r"<mi>((?:arc)?(?:sin|cos|tan)|(?:sinh|cosh|tanh|coth)|ln|log|exp|det|arg)</mi>"
    r"(?=(</?m\w+[^>]*>(?:&#x00028;)?)?)"
)
_THIN = "0.167em"


def mathml(latex: str, **settings: str) -> str:
    """A formula of LaTeX as MathML."""
    return _FUNCTION.sub(_operator, convert(latex, **settings))


def _operator(found: re.Match) -> str:
    behind = "0em" if "&#x00028;" in (found[2] or "") else _THIN
    return f'<mo form="prefix" lspace="{_THIN}" rspace="{behind}">{found[1]}</mo>'


class Untranslated(SphinxTransform):
    """A formula that stands alone is the same in every language: no message of a catalogue."""

    default_priority = 5  # before messages are taken out or put in

    def apply(self, **settings: object) -> None:
        for node in self.document.findall(nodes.math_block):
            node["translatable"] = False


def inline(self, node: nodes.math) -> None:
    self.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def displayed(self, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math"))
    self.body.append(mathml(node.astext(), display="block"))
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})</span>')
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict:
    """Register the two kinds of formula in place of MathJax."""
    app.add_transform(Untranslated)
    app.add_html_math_renderer("mathml", (inline, None), (displayed, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
