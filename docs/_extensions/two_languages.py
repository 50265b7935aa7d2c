"""The site in English and in Chinese: the catalogues of a build that is not English, and a search
that finds Chinese words.
"""

import re
from pathlib import Path

import catalogue
from sphinx.application import Sphinx
from sphinx.search.zh import SearchChinese

HAN = re.compile("[㐀-鿿]+")
MIXED = re.compile("([A-Za-z]+) ?([㐀-鿿])(?![㐀-鿿])")  # AT 线, which some write AT线
# What the theme and the site say in a frame around the text.
TITLES = {"zh_CN": "Replicon：神经网络的统计物理"}
MORE = {"zh_CN": "更多"}
# What the theme says and does not translate itself.
FRAME = {
    "zh_CN": {
        "Collapse Sidebar": "收起侧栏",
        "Expand Sidebar": "展开侧栏",
        "Color mode": "颜色模式",
        "System Settings": "跟随系统",
        "Breadcrumbs": "当前位置",
        "Site Navigation": "网站导航",
    }
}
# On what opens and closes a folded cell: all of them are answers of exercises.
ANSWERS = {"en": ("Show the answer", "Hide the answer"), "zh_CN": ("显示答案", "隐藏答案")}


class PairsOfCharacters(SearchChinese):
    """Chinese has no spaces. Pages and queries are cut alike, into every two neighbouring
    characters, which finds any word and needs no dictionary; a word of one character is found by
    itself, and with the Latin letters before it. A question is cut first where only the question
    goes on: at particles, and at how and what.
    """

    language_name = "English"  # that of the stemmer, which Latin words go through
    js_splitter_code = r"""
var splitQuery = (query) => query
  .replace(/([A-Za-z]) (?=[\u3400-\u9fff](?![\u3400-\u9fff]))/gu, "$1")
  .split(/[^\p{Letter}\p{Number}_]+/gu)
  .flatMap((run) => run.split(/([A-Za-z]*[\u3400-\u9fff](?![\u3400-\u9fff])|[\u3400-\u9fff]+)/u))
  .flatMap((run) => {
    if (!/^[\u3400-\u9fff]{4}/u.test(run)) return [run];
    const asks = /什么是|是什么|的|(?:如何|怎样|怎么)(?:计算|求|用)?|什么|哪里|吗|呢/u;
    const parts = run.split(asks);
    const words = parts.filter((part) => part.length > 1);
    return words.length ? words : parts;
  })
  .flatMap((run) => /[\u3400-\u9fff]{2}/u.test(run)
    ? Array.from({length: run.length - 1}, (_, i) => run.slice(i, i + 2)) : [run])
  .filter((term) => term.length > 1 || /[\u3400-\u9fff]/u.test(term));
"""

    def split(self, input: str) -> list[str]:
        """Latin words, those that one Chinese character ends, Chinese characters and pairs."""
        words = super().split(HAN.sub(" ", input))
        words += ["".join(both) for both in MIXED.findall(input)]
        for run in HAN.findall(input):
            words += [run[i : i + 2] for i in range(len(run) - 1)]
            words += run
        return words

    def word_filter(self, stemmed_word: str) -> bool:
        """Not a letter alone."""
        return len(stemmed_word) > 1 or HAN.match(stemmed_word) is not None


def join(app: Sphinx, config) -> None:
    """Before the first page is read: one catalogue of all pages and of the live page."""
    shown, hidden = ANSWERS.get(config.language, ANSWERS["en"])
    config.nb_code_prompt_show = shown
    config.nb_code_prompt_hide = hidden
    if config.language in TITLES:
        config.html_title = TITLES[config.language]
        config.html_theme_options["header_dropdown_text"] = MORE[config.language]
        folder = Path(config.locale_dirs[0]) / config.language / "LC_MESSAGES"
        catalogue.join(config.language, folder / "docs.po")


def setup(app: Sphinx) -> dict:
    """Register both, and what the theme says."""
    if app.config.language in FRAME:
        places = Path(app.config.locale_dirs[0])
        said = FRAME[app.config.language]
        catalogue.frame(said, places / app.config.language / "LC_MESSAGES" / "sphinx.mo")
        app.add_message_catalog("sphinx", str(places))
    app.connect("config-inited", join, priority=100)  # before myst-nb reads what it is told
    app.add_search_language(PairsOfCharacters)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
