"""The command line as a user calls it."""

import pytest

from replicon import cli


def call(capsys, *words):
    """(exit status, standard output, standard error) of `replicon WORDS`."""
    with pytest.raises(SystemExit) as done:
        cli.main(list(words))
    out = capsys.readouterr()
    return done.value.code, out.out, out.err
