# Everything from a fresh clone on: `make tour` (the core studies as one page; STUDIES=all: all of them), `make test` (the whole suite).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STUDIES ?= core
# Two processes, groups of tests in the order of tests/conftest.py.
TWO := -n 2 --dist loadgroup --no-loadscope-reorder
export JAX_COMPILATION_CACHE_DIR := $(CURDIR)/.cache/jax
export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS := 0.2
export NUMBA_CACHE_DIR := $(CURDIR)/.cache/numba

.PHONY: tour test test-slow lint docs docs-english docs-chinese docs-count catalogue wheel bench clean

$(VENV)/ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Replicon needs Python >= 3.11: make PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

tour: $(VENV)/ready
	$(BIN)/replicon tour --out tour --studies $(STUDIES) --workers 2

test: $(VENV)/ready
	$(BIN)/python -m pytest $(TWO) -m 'not slow'

test-slow: $(VENV)/ready
	$(BIN)/python -m pytest $(TWO) -m slow

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

$(VENV)/docs: $(VENV)/ready
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[docs]'
	touch $@

# Lessons are executed two at a time; then both languages, which find their cells executed, and the count of what is translated are made side by side.
docs: $(VENV)/docs
	$(BIN)/python docs/_extensions/lessons.py
	$(MAKE) --no-print-directory -j 2 docs-english docs-chinese docs-count
	$(BIN)/python docs/_extensions/check_built.py docs/_build/html

docs-english docs-chinese docs-count: $(VENV)/docs

docs-english:
	$(BIN)/python -m sphinx -W -q -d docs/_build/doctrees/en docs docs/_build/html

docs-chinese:
	$(BIN)/python -m sphinx -W -q -D language=zh_CN -d docs/_build/doctrees/zh docs docs/_build/html/zh

docs-count:
	$(BIN)/python docs/_extensions/catalogue.py --count

# The Chinese catalogues brought up to date with the English pages: what is new, changed and gone.
catalogue: $(VENV)/docs
	$(BIN)/python docs/_extensions/catalogue.py

wheel:
	PYTHON=$(PYTHON) .ci/wheel

bench: $(VENV)/ready
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[bench]'
	for file in benchmarks/*.py; do $(BIN)/python $$file || exit 1; done

clean:
	rm -rf $(VENV) .cache tour docs/_build docs/models docs/gallery docs/api docs/notation.md docs/why-believe.md docs/numerics.md
