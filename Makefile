# Targets for developers create .venv; install needs only Python and its pip.
PYTHON ?= python3
PREFIX ?= /usr/local
DESTDIR ?=
VERSIONS := 3.10 3.11 3.12 3.13

VENV := .venv
READY := $(VENV)/.ready
LIBRARY := $(PREFIX)/lib/dynamic-dynamodb
COMMAND := $(PREFIX)/bin/dynamic-dynamodb
CONTRIB := dynamic_dynamodb/contrib
MAN_PAGE := $(PREFIX)/share/man/man1/dynamic-dynamodb.1
BASH_COMPLETION := $(PREFIX)/share/bash-completion/completions/dynamic-dynamodb
ZSH_COMPLETION := $(PREFIX)/share/zsh/site-functions/_dynamic-dynamodb
FISH_COMPLETION := $(PREFIX)/share/fish/vendor_completions.d/dynamic-dynamodb.fish
# Two more than there are cores, because many tests wait.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 2)
# pytest keeps what it compiles: compiling its tests is half of a worker's start.
unexport PYTHONDONTWRITEBYTECODE
PYTEST := -m pytest -q -n $(WORKERS) --dist worksteal
# The tests with a browser and with Prometheus, which are not Python packages.
REAL := tests/real
# The tests of the program's packages, without the files that wait for connections, look-ups and processes.
WAITING := aws/test_connections aws/test_credentials aws/test_lookups config/test_reading_limits service/test_circuit_breaker
# The demo needs the packages of the program alone, which are installed sooner.
DEMO_VENV := $(if $(wildcard $(READY)),$(VENV),.venv-demo)
DEMO_READY := $(DEMO_VENV)/.ready
QUICK := tests/scaling tests/config tests/check tests/aws tests/service tests/cli $(WAITING:%=--ignore tests/%.py)

.DEFAULT_GOAL := help
.PHONY: help demo cost quick test test-real test-all lint docs check reference picture pictures fuzz soak bench traces held-out install where uninstall clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(DEMO_READY) ## Watch it scale tables of an emulated account, and replay two weeks
	@$(DEMO_VENV)/bin/python -m tests.demo

quick: $(READY) ## Run the unit tests, in less than 20 seconds
	$(VENV)/bin/python $(PYTEST) $(QUICK)

test: $(READY) ## Run the tests
	$(VENV)/bin/python $(PYTEST) --ignore $(REAL)

test-real: $(READY) ## Run the tests with Chromium and Prometheus, which must be installed
	$(VENV)/bin/python -m pytest -q $(REAL)

test-all: ## Run the tests on each installed Python from 3.10 to 3.13
	@for version in $(VERSIONS); do \
		for python in python$$version $${PYENV_ROOT:-$$HOME/.pyenv}/versions/$$version.*/bin/python; do \
			if "$$python" -c '' 2>/dev/null; then \
				echo "== Python $$version"; \
				$(MAKE) --no-print-directory test PYTHON="$$python" VENV=".venv-$$version" || exit 1; \
				break; \
			fi; \
		done; \
	done

lint: $(READY) ## Check style, formatting, types, imports, and that generated files are current
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/python -m docs.tools.reference --check
	$(VENV)/bin/python -m docs.tools.picture --check
	$(VENV)/bin/python -m docs.tools.datapoint --check

docs: $(READY) ## Build the documentation into docs/_build; a warning is an error
	$(VENV)/bin/python -m sphinx -b html -W --keep-going -n -q -d docs/_build/doctrees docs docs/_build/html
	@echo "Open docs/_build/html/index.html"

picture: $(READY) ## Draw docs/capacity.svg and docs/datapoint.svg
	$(VENV)/bin/python -m docs.tools.picture
	$(VENV)/bin/python -m docs.tools.datapoint

pictures: $(READY) ## Take the pictures of the page and of a report with Chromium
	$(VENV)/bin/python -m tests.real.pictures

check: lint docs test ## Run lint, docs and test

reference: $(READY) ## Generate the reference pages, the man page and the completion
	$(VENV)/bin/python -m docs.tools.reference

fuzz: $(READY) ## Read 50,000 random configuration files, and compare 800 random replays with every check
	FUZZ_FILES=50000 FUZZ_REPLAYS=400 $(VENV)/bin/python $(PYTEST) tests/config/test_odd_files.py tests/replay/test_skipping.py

soak: $(READY) ## Run it for long, kill it often, inject AWS errors (at most 30 minutes)
	$(VENV)/bin/python -m tests.soak

bench: $(READY) ## Measure speed, and compare a check with a bare boto3 script (seven minutes)
	$(VENV)/bin/python -m tests.benchmarks.decisions
	$(VENV)/bin/python -m tests.benchmarks.checks
	$(VENV)/bin/python -m tests.benchmarks.replay
	$(VENV)/bin/python -m tests.benchmarks.reports
	$(VENV)/bin/python -m tests.benchmarks.status
	$(VENV)/bin/python -m tests.benchmarks.listening
	$(VENV)/bin/python -m tests.benchmarks.history
	$(VENV)/bin/python -m tests.benchmarks.places

cost: $(READY) ## Record, tune and scale an emulated account: make cost, or make cost FOLDER=history
	@$(VENV)/bin/python -m tests.cost_demo $(if $(FOLDER),"$(FOLDER)")

traces: $(READY) ## Compare the example configurations with AWS target tracking: make traces FOLDER=history
	@$(VENV)/bin/python -m docs.tools.traces $(if $(FOLDER),"$(FOLDER)")

held-out: $(READY) ## Tune on the first half of recordings, measure on the second: make held-out FOLDER=history
	@$(VENV)/bin/python -m docs.tools.held_out $(if $(FOLDER),"$(FOLDER)")

install: ## Install the command into PREFIX/bin, its environment into PREFIX/lib, its man page into PREFIX/share
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "Python 3.10 or newer is needed: make install PYTHON=python3.11" >&2; exit 1; }
	@echo "Installing into $(DESTDIR)$(LIBRARY), which takes a while …"
	mkdir -p "$(DESTDIR)$(PREFIX)/lib" "$(DESTDIR)$(PREFIX)/bin"
	@# Build beside the current environment, which stays if this fails, and without an older build's output.
	rm -rf build "$(DESTDIR)$(LIBRARY).new"
	$(PYTHON) -m venv "$(DESTDIR)$(LIBRARY).new"
	"$(DESTDIR)$(LIBRARY).new/bin/python" -m pip install --quiet --disable-pip-version-check .
	rm -rf "$(DESTDIR)$(LIBRARY)"
	mv "$(DESTDIR)$(LIBRARY).new" "$(DESTDIR)$(LIBRARY)"
	@# Not pip's script, which would contain DESTDIR. -I keeps the working directory off Python's path.
	rm -f "$(DESTDIR)$(COMMAND)" # it may be a link, whose target must not be overwritten
	printf '#!/bin/sh\nexec "%s/bin/python" -I -m dynamic_dynamodb "$$@"\n' "$(LIBRARY)" > "$(DESTDIR)$(COMMAND)"
	chmod 755 "$(DESTDIR)$(COMMAND)"
	install -D -m 644 $(CONTRIB)/dynamic-dynamodb.1 "$(DESTDIR)$(MAN_PAGE)"
	install -D -m 644 $(CONTRIB)/completion/dynamic-dynamodb.bash "$(DESTDIR)$(BASH_COMPLETION)"
	install -D -m 644 $(CONTRIB)/completion/dynamic-dynamodb.zsh "$(DESTDIR)$(ZSH_COMPLETION)"
	install -D -m 644 $(CONTRIB)/completion/dynamic-dynamodb.fish "$(DESTDIR)$(FISH_COMPLETION)"
	@$(MAKE) --no-print-directory where

where: # Say where the command is, and whether the shell finds it; a package is installed elsewhere later
	@echo "Installed $(DESTDIR)$(COMMAND)"
	@found=$$(command -v dynamic-dynamodb); \
	if [ -z "$(DESTDIR)" ] && [ -z "$$found" ]; then \
		echo "It is not on your PATH: add this line to ~/.profile, and log in again:"; \
		echo '  export PATH="$(PREFIX)/bin:$$PATH"'; \
	elif [ -z "$(DESTDIR)" ] && [ "$$found" != "$(COMMAND)" ]; then \
		echo "Your PATH has another one before it: $$found"; \
	fi

uninstall: ## Remove what install has installed
	rm -rf "$(DESTDIR)$(LIBRARY)"
	rm -f "$(DESTDIR)$(COMMAND)" "$(DESTDIR)$(MAN_PAGE)"
	rm -f "$(DESTDIR)$(BASH_COMPLETION)" "$(DESTDIR)$(ZSH_COMPLETION)" "$(DESTDIR)$(FISH_COMPLETION)"

clean: ## Remove everything that the other targets create here
	rm -rf .venv .venv-* build dist docs/_build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

.venv-demo/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "Python 3.10 or newer is needed: make demo PYTHON=python3.11" >&2; exit 1; }
	@echo "Creating .venv-demo, which takes less than a minute the first time …"
	@$(PYTHON) -m venv .venv-demo
	@.venv-demo/bin/python -m pip install --disable-pip-version-check --progress-bar off --editable . | \
		awk '/^Collecting/ { print "  " $$2; fflush() }'
	@.venv-demo/bin/python -c 'import boto3, prometheus_client, regex, requests'
	@touch $@

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "Python 3.10 or newer is needed: make $(MAKECMDGOALS) PYTHON=python3.11" >&2; exit 1; }
	@echo "Creating $(VENV), which takes about a minute the first time …"
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
