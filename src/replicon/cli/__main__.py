"""`python -m replicon.cli`."""

from replicon.cli import main

main()
