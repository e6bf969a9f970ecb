# Every target sets up .venv by itself, and again when pyproject.toml or constraints.txt changes.

PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install $(if $(CI),--quiet) --constraint constraints.txt --editable .
KEY := $(shell cat pyproject.toml constraints.txt | cksum | cut -d ' ' -f 1)
CORE := $(VENV)/core-$(KEY)
TEST := $(VENV)/test-$(KEY)
DOCS := $(VENV)/docs-$(KEY)
DOC_TESTS := $(wildcard tests/docs tests/test_docs.py)

.DEFAULT_GOAL := help
.PHONY: help demo test check lint types rooms doctest prove docs bench pins clean

help: ## say what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  PYTHON=python3.12 chooses the Python of a new .venv (3.11 or later)."

demo: $(CORE) ## evaluate a real model with the core package alone, and write report.html
	$(BIN)/steelyard demo $(ARGS)
	@test ! -f report.html || echo "The report is $(CURDIR)/report.html"

test: check ## check, then run the tests; ARGS="-k name" chooses some
	$(BIN)/pytest -n 2 --dist loadgroup -m "not prove" $(DOC_TESTS:%=--ignore=%) $(ARGS)

check: lint types rooms doctest ## ruff, mypy, import-linter, the tests of the documentation

lint: $(TEST)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(TEST)
	$(BIN)/mypy

rooms: $(TEST)
	$(BIN)/lint-imports

doctest: $(TEST)
ifneq ($(DOC_TESTS),)
	$(BIN)/pytest -q $(DOC_TESTS)
endif

prove: $(TEST) ## simulate what the statistics promise: coverage, false alarms (slow)
	$(BIN)/pytest -n 2 -m prove $(ARGS)

docs: $(DOCS) ## build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict $(ARGS)

bench: $(TEST) ## measure time and memory beside the usual tools
	$(BIN)/python benchmarks/run.py $(ARGS)

pins: | $(BIN)/python ## resolve all dependencies anew into constraints.txt
	$(PYTHON) -m venv --clear $(VENV)/fresh
	$(VENV)/fresh/bin/python -m pip install --quiet --upgrade pip
	$(VENV)/fresh/bin/python -m pip install --editable . --group test --group check --group docs
	sed '/^[^#]/d' constraints.txt > $(VENV)/pins
	$(VENV)/fresh/bin/python -m pip freeze --all --exclude-editable --exclude pip >> $(VENV)/pins
	mv $(VENV)/pins constraints.txt
	rm -rf $(VENV)/fresh

clean: ## remove everything that was made, .venv included
	rm -rf $(VENV) site build dist report.html result.json .pytest_cache .mypy_cache .ruff_cache \
		.hypothesis .import_linter_cache spark-warehouse metastore_db derby.log
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@command -v "$(PYTHON)" > /dev/null || \
		{ echo "There is no $(PYTHON). Name a Python of 3.11 or later: make PYTHON=/path/to/python"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Steelyard needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
		"Name another: make PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
		{ echo "$(PYTHON) lacks venv. Install it (Debian: apt-get install python3-venv) and try again."; exit 2; }
	@echo "Setting up $(VENV); this takes a minute."
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP) install --quiet --upgrade pip

$(CORE): | $(BIN)/python
	$(INSTALL)
	@rm -f $(VENV)/core-* && touch $@

$(TEST): | $(BIN)/python
	$(INSTALL) --group test --group check
	@rm -f $(VENV)/test-* && touch $@

$(DOCS): | $(BIN)/python
	$(INSTALL) --group docs
	@rm -f $(VENV)/docs-* && touch $@
