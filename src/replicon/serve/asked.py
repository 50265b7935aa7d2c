"""What a page may ask about: models by name, controls by value, and nothing that names a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from replicon._declare import Control, Model, Role, Words
from replicon._domains import show
from replicon._errors import InputError
from replicon.study import catalogue


class Offer:
    """The models of a page: those shipped, and what its command line brought: files of models, and
    files of data as further words of the controls of that name.
    """

    def __init__(self, models: tuple[str, ...] = (), files: Mapping[str, str] | None = None):
        self.own = {catalogue.get(path).name: path for path in models}
        self.files = dict(files or {})
        for name in self.files:
            if not any(c.name == name for model in self.models() for c in model.controls):
                raise InputError(
                    f"'{name}' is no control of any model here: give name=FILE of one that takes"
                    " files, such as patterns=mine.npy or couplings=mine.csv."
                )

    def models(self) -> list[Model]:
        """Every model, the user's own first."""
        return [catalogue.get(path) for path in self.own.values()] + list(catalogue.shipped())

    def model(self, name: Any) -> Model:
        """A model by the name it is offered under; InputError for any other, and for paths."""
        if isinstance(name, str) and name in self.own:
            return catalogue.get(self.own[name])
        if not isinstance(name, str) or name not in catalogue.names():
            raise InputError(f"There is no model {show(name)} on this page.")
        return catalogue.get(name)

    def words(self, control: Control) -> list[str]:
        """The words that a page offers for a control: the declared ones, then the given file."""
        if not isinstance(control.domain, Words):
            return []
        given = [self.files[control.name]] if control.name in self.files else []
        return [*control.domain.words, *(given if control.domain.files else [])]

    def controls(self, model: Model, given: Any, role: Role) -> dict[str, Any]:
        """Every control of a role, checked, defaults filled in; single values only. InputError for
        what a page may not ask, in a sentence.
        """
        if not isinstance(given, Mapping):
            raise InputError(f"Controls were given as {show(given)}: give names with values.")
        known = {c.name for c in model.controls}
        values = {}
        for name, value in given.items():
            if name not in known:
                model.control(name)  # says what is near
                raise InputError(f"Give the controls of {model.name} by their names, not {name}.")
            control = model.control(name)
            if isinstance(control.domain, Words):
                if value not in self.words(control):
                    raise InputError(
                        f"{name} = {show(value)} is not offered on this page: choose one of"
                        f" {', '.join(self.words(control)[:12])}."
                    )
            elif isinstance(value, bool) or not isinstance(value, (int, float, str)):
                raise InputError(f"{name} = {show(value)} is no number.")
            values[name] = control.check(value)
        return {c.name: values.get(c.name, c.check(c.default)) for c in model.controls_for(role)}

    def declarations(self) -> list[dict[str, Any]]:
        """Every declaration for the page, with the words that it offers."""
        out = []
        for model in self.models():
            told = model.as_dict()
            for entry, control in zip(told["controls"], model.controls, strict=True):
                if isinstance(control.domain, Words):
                    entry["domain"] = {"kind": "words", "words": self.words(control)}
            told["own"] = model.name in self.own
            out.append(told)
        return out
