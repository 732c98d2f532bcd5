# Two commands for a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Installed before the rest: a range that this CPU build satisfies keeps pip from fetching a CUDA build.
TORCH ?= torch==2.13.0
# Of the 20,000 modules a seventh is ever loaded, and compiled then; pip would take a minute to compile them all.
PIP := pip install --quiet --no-compile

.PHONY: demo test journeys install install-test clean

demo: install
	$(BIN)/advisor demo

install: $(VENV)/installed

install-test: $(VENV)/installed-test

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/torch: $(VENV)/bin/python
	$(BIN)/python -m $(PIP) "$(TORCH)" || $(BIN)/python -m $(PIP) "torch>=2.11,<2.15"
	touch $@

$(VENV)/installed: $(VENV)/torch pyproject.toml
	$(BIN)/python -m $(PIP) --editable ".[train]"
	touch $@

$(VENV)/installed-test: $(VENV)/torch pyproject.toml
	$(BIN)/python -m $(PIP) --editable ".[train,test]"
	touch $@ $(VENV)/installed

# The suite starts advisor and trainer some hundred times: compiled once, they load in half the time.
unexport PYTHONDONTWRITEBYTECODE

# Two workers with a thread each do more than one worker whose small models wait for two. The journeys are the
# longest files and begin first. The screens' tests count processor time, which the objects that torch leaves in a
# worker would lengthen, so they get workers of their own.
test: export OMP_NUM_THREADS = 1
test: install-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -m "not journey" --durations=20 -n 2 --dist loadfile --no-loadscope-reorder \
		tests/journeys tests/trainer tests/test_*.py
	$(BIN)/coverage run -m pytest -m "not journey" --durations=20 -n 2 --dist loadfile tests/advisor tests/rubrics
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

journeys: install-test
	$(BIN)/python -m pytest -m journey

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .coverage*
