"""`python -m replicon`."""

import runpy

runpy.run_module("replicon.cli", run_name="__main__", alter_sys=True)
