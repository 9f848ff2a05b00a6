# Needs only make and Python >= 3.11; uv is used where it is installed.
# PYTHON=... chooses the interpreter, by default the first on PATH that is new enough.

PYTHON ?=
NAME ?=

# Empty where uv is missing or too old to know dependency groups.
UV := $(shell uv pip install --help 2>/dev/null | grep -q -e --group && echo uv)

ifdef UV
install = uv pip install --quiet --python .venv/bin/python
else
install = .venv/bin/python -m pip install --quiet --disable-pip-version-check
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test test-all lint types bench clean remake

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: .venv/demo.stamp ## Run the example brand on real data, from an empty store
	@rm -rf configs/complete-journey/.siyu
	@.venv/bin/siyu run configs/complete-journey --now 2018-01-02T15:00:00Z

# Tests start many processes, which would compile everything anew where they may not keep what they compiled.
test test-all: export PYTHONDONTWRITEBYTECODE =

test: .venv/dev.stamp ## Run all tests, the property tests in quick rounds
	@SIYU_ROUNDS=quick .venv/bin/python -m pytest -q -n auto --dist worksteal

test-all: .venv/dev.stamp ## Run all tests, the property tests in all rounds
	@SIYU_ROUNDS=all .venv/bin/python -m pytest -q -n auto --dist worksteal

lint: .venv/dev.stamp ## Check style, format, and that plugins keep to portable frames
	@.venv/bin/ruff check --quiet
	@.venv/bin/ruff format --quiet --check
	@.venv/bin/python -m siyu.testing.portable plugins

types: .venv/dev.stamp ## Check types
	@.venv/bin/mypy

bench: .venv/dev.stamp ## Run one benchmark: make bench NAME=...
	@test -f "tests/bench/$(NAME).py" || { \
	  echo "make bench NAME=... takes one of:" $$(cd tests/bench 2>/dev/null && ls *.py 2>/dev/null | sed 's/\.py$$//') >&2; \
	  exit 1; }
	@.venv/bin/python -m "tests.bench.$(NAME)"

clean: ## Remove the environment, the caches and the stores of the examples
	@rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist configs/*/.siyu
	@find core plugins tests -type d -name __pycache__ -prune -exec rm -rf {} +

# Entry points are frozen at install, so a changed pyproject.toml means a new install.
.venv/demo.stamp: pyproject.toml .venv/pyvenv.cfg
	@echo "Installing siyu and the demo's data into .venv"
	@$(install) --editable '.[demo]'
	@touch $@

.venv/dev.stamp: pyproject.toml .venv/pyvenv.cfg
	@echo "Installing siyu and its tools into .venv"
	@$(install) --editable '.[all]' --group dev
	@touch $@

# Made again where its interpreter is gone, and removed when half made: it would pass for a whole one the next time.
.venv/pyvenv.cfg: $(shell test -x .venv/bin/python || echo remake)
remake:
ifdef UV
.venv/pyvenv.cfg:
	@rm -rf .venv
	@uv venv --quiet --seed $(if $(PYTHON),--python "$(PYTHON)") .venv || { rm -rf .venv; exit 1; }
else
# pip knows dependency groups from 25.1 on.
.venv/pyvenv.cfg:
	@rm -rf .venv
	@for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python); do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    "$$python" -m venv .venv && $(install) --upgrade 'pip>=25.1' && exit 0; \
	    rm -rf .venv; \
	    exit 1; \
	  fi; \
	done; \
	echo "siyu needs Python 3.11 or newer; $(or $(PYTHON),python3) is" \
	  "$$($(or $(PYTHON),python3) --version 2>/dev/null || echo missing)." \
	  "Install a newer one, or name it: make PYTHON=/path/to/python3.12 ..." >&2; \
	exit 1
endif
