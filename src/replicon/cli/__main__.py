"""`python -m replicon.cli`."""

from replicon.cli import main

try:
    main()
finally:
    # Where Ctrl-C met a text that Python executed, it would end `-m` by a signal whatever the exit
    # status; the next text makes it forget.
    eval("0")
