# make run: the finished service on http://127.0.0.1:7878; make test: every test. Both need Python 3.11, pip and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 7878
PYTEST_ARGS ?=
BENCH_ARGS ?=
FUZZ_ARGS ?=
SCREENSHOTS_ARGS ?=
FRONTEND := so2graph/web/frontend
SOURCES := pyproject.toml so2graph/__init__.py $(shell find $(FRONTEND) -name node_modules -prune -o -type f -print)

.PHONY: run test lint types docs screenshots fuzz bench bench-quick parity clean

run: $(VENV)/.installed
	@$(BIN)/so2graph build
	@$(BIN)/so2graph serve --port $(PORT)

test: $(VENV)/.installed-test
	@$(BIN)/python -m pytest --numprocesses auto $(PYTEST_ARGS)

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-test
	$(BIN)/mypy

docs: $(VENV)/.installed-test
	$(BIN)/python docs/generate.py

screenshots: $(VENV)/.installed-test
	$(BIN)/python -m docs.screenshots $(SCREENSHOTS_ARGS)

fuzz: $(VENV)/.installed-test
	$(BIN)/python -m tests.fuzz_openapi $(FUZZ_ARGS)

bench: $(VENV)/.installed-bench
	$(BIN)/python -m benchmarks --table docs/benchmarks.md $(BENCH_ARGS)

bench-quick: $(VENV)/.installed-bench
	$(BIN)/python -m benchmarks --quick --table docs/benchmarks.md $(BENCH_ARGS)

# Spark decides as DuckDB does; needs Java 17. Not part of 'make test', for pyspark is large.
parity: $(VENV)/.installed-spark
	$(BIN)/python -m pytest tests/test_link_spark.py $(PYTEST_ARGS)

clean:
	rm -rf $(VENV) so2graph-data dist .coverage* .mypy_cache .pytest_cache .ruff_cache

$(BIN)/python:
	@echo 'Making $(VENV) with $(PYTHON) …'
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "so2graph needs Python 3.11 or newer, and this is " + sys.version.split()[0] + ": say make PYTHON=…")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(SOURCES) | $(BIN)/python
	@echo 'Installing so2graph …'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-test: $(SOURCES) | $(BIN)/python
	@echo 'Installing so2graph with what its tests need …'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --editable '.[test]'
	@touch $(VENV)/.installed $@

$(VENV)/.installed-bench: $(VENV)/.installed-test
	@echo 'Installing what so2graph is compared with …'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,bench]'
	@touch $@

$(VENV)/.installed-spark: $(VENV)/.installed-test
	@echo 'Installing Spark …'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,spark]'
	@touch $@
