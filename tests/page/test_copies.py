"""The page where there is no server of pages: in a notebook, and as a static copy."""

import json

import pytest

from replicon.serve import export, words
from replicon.serve.bundle import bundled
from replicon.study.plan import planned

_STARTED = "document.querySelectorAll('main canvas, .replicon canvas').length"
_NOTEBOOK = """([source, given]) => {
  const {renderLab} = new Function(source + "\\nreturn m_notebook;")();
  const place = document.createElement("div");
  document.body.append(place);
  const heard = [];
  const state = {...given};
  const socket = new WebSocket(`ws://${location.host}/socket`);
  socket.binaryType = "arraybuffer";
  const ready = new Promise((resolve) => (socket.onopen = resolve));
  socket.onmessage = (event) => heard.forEach((f) => f({}, [new DataView(event.data)]));
  window.states = [];
  const model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; window.states.push(value); },
    save_changes: () => {},
    on: (name, f) => heard.push(f),
    send: (value) => ready.then(() => socket.send(JSON.stringify(value))),
  };
  return renderLab({model, el: place}).then(() => true);
}"""


def test_a_lab_in_a_notebook_follows_the_handle(browser, served):
    """anywidget's side is played by the test, over the server's socket."""
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.set_default_timeout(60_000)
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(served.url)
    declarations = page.evaluate("async () => (await fetch('declarations.json')).json()")
    state = {"model": "curie-weiss", "controls": {"temperature": 0.6}, "seed": 1, "size": 300}
    spoken = {"zh": words.catalogue("zh")}
    given = {"state": state, "declarations": declarations, "words": spoken, "language": "zh"}
    assert page.evaluate(_NOTEBOOK, [bundled("notebook"), given])
    assert "温度" in page.text_content(".replicon")
    page.focus(".replicon button.handle")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("window.states.length > 0")
    assert page.evaluate("window.states.at(-1).controls.temperature") < 0.6
    assert complaints == []
    context.close()


def test_a_static_copy_opens_from_a_file(browser, monkeypatch, tmp_path):
    whole = export.walk()
    curve = next(one for one in whole["hopfield"] if one.get("question"))
    film = next(one for one in whole["hopfield"] if one.get("network"))
    monkeypatch.setattr(export, "walk", lambda: {"hopfield": [curve, film]})
    files = export.export(tmp_path / "copy")
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(60_000)
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"file://{files[0]}#/hopfield")
    page.wait_for_selector("main canvas")
    assert "recorded copy" in page.text_content(".recorded")
    page.wait_for_timeout(1500)
    lit = page.evaluate(
        "[...document.querySelectorAll('main canvas')].some((one) => one.getContext('2d')"
        ".getImageData(0, 0, one.width, one.height).data.some((value) => value > 0))"
    )
    assert lit
    assert complaints == []
    context.close()


@pytest.mark.parametrize("model", ["hopfield", "square-lattice", "rbm", "perceptron-algorithms"])
def test_the_study_that_is_offered_is_one(opened, tmp_path, model):
    page = opened("en")
    page.evaluate("(hash) => { location.hash = hash; }", f"#/lab?model={model}")
    page.wait_for_selector("pre.copy")
    page.click("text=TOML study")
    path = tmp_path / "mine.toml"
    path.write_text(page.text_content("pre.copy"))
    study, plan = planned(path, quick=False, changes={})
    assert json.dumps(plan)
    assert study["figure"]
