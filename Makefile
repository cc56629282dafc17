# corporis: `make demo` and `make test` need only Python 3.11 to 3.13, git and make.

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint docs clean

VENV := .venv
BIN := $(VENV)/bin
OUT ?= out

# The python3 at hand if it is new enough, else the newest of the others.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' >/dev/null 2>&1 \
	&& { command -v $$p; break; }; done)

# One thread a process: the tests run in parallel, and sums are the same on every machine.
export OMP_NUM_THREADS ?= 1

help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(VENV)/everything ## create .venv with all that tests, benchmarks and docs need

demo: $(VENV)/package ## outline, rebuild and judge a real and a virtual heart into out/
	$(BIN)/corporis demo -o $(OUT)

lint: $(VENV)/everything ## style, types and the order of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint ## lint, then all tests; those on public data sets need CORPORIS_DATA
ifdef CORPORIS_DATA
	$(BIN)/pytest -n auto --dist loadfile
else
	@echo "CORPORIS_DATA is not set: the tests on public data sets are left out"
	$(BIN)/pytest -n auto --dist loadfile -m "not data"
endif

docs: $(VENV)/everything ## build the pages into docs/_build/html; a warning is an error
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	@echo "pages: docs/_build/html/index.html"

clean: ## remove .venv, caches and all that was built
	rm -rf $(VENV) build dist docs/_build docs/gallery .pytest_cache .mypy_cache .ruff_cache \
		.import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "corporis needs Python 3.11, 3.12 or 3.13, and none was found:" \
		"install one, or name it with make PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "python -m venv failed:" \
		"on Debian and Ubuntu, apt-get install python3-venv"; exit 1; }

# The package alone: no torch, so that the demo need not download it.
$(VENV)/package: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check -e .
	@touch $@

# torch is pinned in pyproject.toml; where a CPU build of that version is at hand, pip takes it.
$(VENV)/everything: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/package
