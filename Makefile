# unfreed: everything from a fresh checkout. `make help` lists what there is.
#
#   PYTHON=...  the interpreter to build for and test with (default: python3)
#   WERROR=1    warnings of the C compiler are errors (`make check` and CI set it)
#   ARGS=...    passed on to pytest, e.g. make test ARGS='-k cycles'

PYTHON ?= python3
VENV := .venv
WERROR ?= $(if $(CI),1,)
ARGS ?=

in_venv := PATH="$(CURDIR)/$(VENV)/bin:$$PATH"
strict := $(if $(filter-out 0,$(WERROR)),--werror,)
environment := "$(PYTHON)" tools/environment.py $(VENV) --python "$(PYTHON)" $(strict)
c_files = $(shell find include src tests bench -name '*.[ch]' 2>/dev/null | sort)

.DEFAULT_GOAL := build
.PHONY: help build demo test test-all check format format-check lint layers layouts asan bench fuzz leaks leaks-peers outside-truth fetch clean python

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || { \
	    echo "unfreed: $(PYTHON): no Python 3.10 or later (run: apt-get install python3, or name one: make PYTHON=...)" >&2; exit 1; }

build: python ## .venv/bin/unfreed and .venv/bin/python, built for PYTHON
	@$(environment) $(if $(V),--verbose,)

demo: python ## the real requests library, four times: false alarm, clean, delayed, leak
	@$(environment) --need test
	@$(in_venv) $(VENV)/bin/python demo/demo.py

test: python ## C unit and oracle tests, and the Python tests, with PYTHON
	@"$(PYTHON)" tools/run_tests.py --venv $(VENV) --python "$(PYTHON)" $(strict) $(ARGS)

test-all: python ## the same with every CPython from 3.10 to 3.15 found here; fetches 3.14 and 3.15
	@"$(PYTHON)" tools/test_all.py --venv $(VENV) --python "$(PYTHON)" $(strict) $(ARGS)

check: WERROR := 1
check: ## formatters, linters, layers, then all tests, C compiled with -Werror
	@$(MAKE) --no-print-directory WERROR=1 format-check layers lint
	@$(MAKE) --no-print-directory WERROR=1 test

format: python ## lays out C and Python sources
	@$(environment) --only-tools --need check
	@$(VENV)/bin/clang-format -i $(c_files)
	@$(VENV)/bin/ruff format -q .
	@$(VENV)/bin/ruff check -q --fix-only .

format-check: python ## says which sources `make format` would change
	@$(environment) --only-tools --need check
	@$(VENV)/bin/clang-format --dry-run -Werror $(c_files)
	@$(VENV)/bin/ruff format --check .

lint: python ## ruff and clang-tidy
	@$(environment) --need check
	@$(VENV)/bin/ruff check .
	@$(in_venv) $(VENV)/bin/python tools/lint_c.py $(VENV)

layouts: python ## src/cpython/layouts_*: the rows for reading from outside, from the headers that are here
	@"$(PYTHON)" tools/make_layouts.py $(ARGS)

layers: python ## who may include whom, banned calls, length of files
	@"$(PYTHON)" tools/check_layers.py

asan: python ## the same tests under AddressSanitizer and UBSan
	@"$(PYTHON)" tools/run_tests.py --venv build/venvs/asan --python "$(PYTHON)" --sanitize $(ARGS)

bench: python ## measures both sides of every claim in one run and prints the ratio
	@"$(PYTHON)" tools/run_bench.py --venv $(VENV) --python "$(PYTHON)" $(ARGS)

fuzz: python ## looks for files that break their readers, for a minute (ARGS="--seconds 3600 --target core")
	@"$(PYTHON)" tools/run_fuzz.py $(ARGS)

leaks: python ## real leaks of real packages (tests/leaks): what unfreed says, against what is true
	@$(environment) --need test
	@$(in_venv) $(VENV)/bin/python tools/leaks.py $(ARGS)

leaks-peers: python ## the same programs under tracemalloc, objgraph, pympler, memray, psleak
	@$(environment) --need test
	@$(in_venv) $(VENV)/bin/python tools/leaks_peers.py $(ARGS)

outside-truth: python ## what is read from outside, against what each CPython here says of its own heap
	@$(environment) --need test
	@$(in_venv) $(VENV)/bin/python tools/outside_truth.py --docs $(ARGS)

fetch: python ## CPython 3.14 and 3.15 from Debian into a cache folder, for test-all (ARGS=--all: more builds)
	@$(environment) --only-tools --need fetch
	@$(in_venv) $(VENV)/bin/python tools/fetch_pythons.py $(ARGS)

clean: ## removes everything that make made (fetched interpreters stay in the cache)
	rm -rf build $(VENV) .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
