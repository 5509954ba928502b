# The one place where commands live; `make` alone lists them.
# Everything installs what it needs by itself, from hashed locks, into .venv here.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --no-builtin-rules

BIN := .venv/bin
MADE := .venv/made
UV := $(BIN)/uv
INSTALL := $(UV) pip install --quiet --compile-bytecode --python $(BIN)/python
SDK_SOURCES := $(shell find aiops-sdk -type f -not -name '*.pyc' -not -path '*/tests/*' 2>/dev/null)
PLATFORM_SOURCES := $(shell find aiops-platform -type f -not -name '*.pyc' -not -path '*/tests/*' -not -path '*/static/vendor/*' -not -path '*/static/sdk/*' 2>/dev/null)
PLATFORM_TESTS := $(wildcard $(addprefix aiops-platform/tests/,contract integration web) tests/tools)
RESULTS := test-results
TEST := $(BIN)/python tools/second_look.py
export PYTHON

export SOURCE_DATE_EPOCH := 1577836800
# Hundreds of little programs are started here: what is compiled once is kept, whatever the surroundings say.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# What people do

.PHONY: demo
demo: $(MADE)/run ## Run the platform, and beside it a shop that fails on demand
	@exec $(BIN)/python tools/demo.py

.PHONY: check
check: $(MADE)/dev ## Format, lint, types, import contracts, unit tests (under a minute)
	@$(MAKE) --jobs=2 --output-sync=target $(CHECKS)
	@echo "All checks passed."

# The browser first: better to hear at once than after ten minutes that there is none. The SDK's tests wait for half of
# their time, so the others run beside them. What failed is told at the very end.
.PHONY: test
test: browser ## Every test: the checks, the SDK on each Python, the platform, end to end
	@rm -rf $(RESULTS)
	@$(MAKE) check
	@$(MAKE) wheels
	@failed=; $(MAKE) --jobs=2 --keep-going test-sdk test-beside || failed=1; \
	$(BIN)/python tools/test_summary.py $(RESULTS) && [ -z "$$failed" ]

.PHONY: test-beside
test-beside:
	@failed=; $(MAKE) test-platform || failed=1; $(MAKE) test-e2e || failed=1; [ -z "$$failed" ]

.PHONY: test-sdk
test-sdk: $(MADE)/dev wheels ## The SDK's wheel on Python 3.8 to 3.13, with the newest and the oldest Flask
	@$(BIN)/python tools/test_sdk.py

.PHONY: test-platform
test-platform: browser ## The platform's contract, integration and web tests, and those of the tools
	$(if $(PLATFORM_TESTS),@$(TEST) $(RESULTS)/platform.xml -n 2 $(PLATFORM_TESTS))

.PHONY: test-e2e
test-e2e: browser wheels ## Built wheels, real processes, a real browser
	@$(BIN)/python tools/install_e2e.py
	@$(TEST) $(RESULTS)/e2e.xml -n 2 --dist loadfile tests/e2e

.PHONY: bench-sdk
bench-sdk: $(MADE)/dev ## What the SDK costs and loses beside the others, measured here (OPTIONS=--quick for a look)
	@$(BIN)/python bench/sdk/run.py $(OPTIONS)

.PHONY: bench-platform
bench-platform: $(MADE)/dev ## What the platform takes, keeps and costs beside Bugsink (OPTIONS=--quick for a look)
	@$(BIN)/python bench/platform/run.py $(OPTIONS)

.PHONY: bench-pages
bench-pages: $(MADE)/dev ## How long the pages take over a large store (OPTIONS=--quick for a look)
	@$(BIN)/python bench/pages/run.py $(OPTIONS)

.PHONY: bench-grouping
bench-grouping: $(MADE)/dev ## How well events are grouped, beside other rules (OPTIONS=--write keeps the page)
	@$(BIN)/python bench/grouping/run.py $(OPTIONS)

.PHONY: screenshots
screenshots: browser ## A picture of every page into test-results/screenshots, and those that the README shows
	@$(BIN)/python aiops-platform/tests/web/screenshots.py $(RESULTS)/screenshots --shown docs/images

.PHONY: browser
browser: $(MADE)/dev
	@$(BIN)/python tools/browser.py

.PHONY: wheels
wheels: $(MADE)/wheels ## Build both distributions into dist/
	@:

.PHONY: format
format: $(MADE)/dev ## Format the code, and mend what the linter can mend by itself
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

.PHONY: lock
lock: $(MADE)/uv ## Lock the dependencies anew (UPGRADE=1 takes newer versions)
	@UV=$(UV) tools/lock.sh

.PHONY: clean
clean: ## Remove everything that make made
	@rm -rf .venv .venvs dist $(RESULTS) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@rm -rf aiops-platform/src/aiops_platform/web/static/{vendor,sdk} aiops-platform/__pycache__

# The checks, each by itself; `make check` runs two at a time

# The longest first, so that the others run beside it.
CHECKS := check-format check-lint check-tests-sdk check-tests-platform check-types-platform check-types-sdk check-contracts
.PHONY: $(CHECKS)

check-format:
	@$(BIN)/ruff format --check --quiet --output-format concise . || { echo "'make format' mends it."; exit 1; }

check-lint:
	@$(BIN)/ruff check --quiet --output-format concise .

check-contracts:
	@$(BIN)/lint-imports --no-logo >$(MADE)/contracts.log 2>&1 || { cat $(MADE)/contracts.log; exit 1; }

# The type checker no longer knows 3.8; ruff holds the SDK's syntax to it, and its tests run there.
check-types-sdk:
	@$(BIN)/mypy --no-error-summary --python-version 3.10 --cache-dir .mypy_cache/sdk aiops-sdk/src

check-types-platform:
	@$(BIN)/mypy --no-error-summary --python-version 3.11 --cache-dir .mypy_cache/platform aiops-platform/src aiops-platform/hatch_build.py tools examples/shop tests wire/tests bench/reporting.py bench/sdk
	@MYPYPATH=bench/platform $(BIN)/mypy --no-error-summary --python-version 3.11 --cache-dir .mypy_cache/bench bench/platform
	@MYPYPATH=bench/pages:bench/platform:bench $(BIN)/mypy --no-error-summary --python-version 3.11 --cache-dir .mypy_cache/pages bench/pages
	@MYPYPATH=bench/grouping:bench/grouping/cases $(BIN)/mypy --no-error-summary --python-version 3.11 --cache-dir .mypy_cache/grouping bench/grouping/record.py bench/grouping/rules.py bench/grouping/run.py bench/grouping/score.py

# Two halves of the same length.
check-tests-sdk:
	@$(TEST) $(RESULTS)/check-sdk.xml --quiet --no-header $(wildcard wire/tests aiops-sdk/tests/unit aiops-sdk/tests/typing tests/architecture tests/docs $(addprefix aiops-platform/tests/unit/,senders storage web))

check-tests-platform:
	@$(TEST) $(RESULTS)/check-platform.xml --quiet --no-header $(filter-out $(addprefix aiops-platform/tests/unit/,senders storage web),$(wildcard aiops-platform/tests/unit/*))

# What the commands need; each step says what it does and leaves a mark, so that it is done once

$(MADE)/python:
	@tools/make_venv.sh .venv
	@mkdir -p $(MADE) && touch $@

$(MADE)/uv: requirements/uv.txt | $(MADE)/python
	@echo "Installing uv, which installs the rest"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(MADE)/locked-run: requirements/run.txt | $(MADE)/uv
	@echo "Installing the platform's dependencies, Flask and the build tools"
	@$(INSTALL) --require-hashes -r requirements/run.txt
	@touch $@

$(MADE)/locked-dev: requirements/dev.txt $(MADE)/locked-run
	@echo "Installing the tools that check and test"
	@$(INSTALL) --require-hashes -r requirements/dev.txt
	@touch $@

# Where there is no Node.js, npm comes from a Python package.
$(MADE)/npm: requirements/node.txt | $(MADE)/uv
	@if ! command -v npm >/dev/null; then echo "Installing npm"; $(INSTALL) --require-hashes -r requirements/node.txt; fi
	@touch $@

$(MADE)/built-in: $(SDK_SOURCES) aiops-platform/hatch_build.py aiops-platform/frontend/package-lock.json $(MADE)/locked-run $(MADE)/npm
	@echo "Making what the platform ships: the front-end libraries and the SDK's wheel"
	@$(BIN)/python aiops-platform/hatch_build.py
	@touch $@

$(MADE)/run: aiops-sdk/pyproject.toml aiops-platform/pyproject.toml $(MADE)/locked-run $(MADE)/built-in
	@echo "Installing aiops-sdk and aiops-platform from here"
	@$(INSTALL) --no-deps --no-build-isolation --editable aiops-sdk --editable aiops-platform
	@touch $@

$(MADE)/dev: $(MADE)/locked-dev $(MADE)/run
	@touch $@

$(MADE)/wheels: $(SDK_SOURCES) $(PLATFORM_SOURCES) $(MADE)/built-in
	@echo "Building both distributions into dist/"
	@rm -rf dist
	@$(UV) build --quiet --python $(BIN)/python --no-build-isolation --out-dir dist aiops-sdk
	@$(UV) build --quiet --python $(BIN)/python --no-build-isolation --out-dir dist aiops-platform
	@touch $@
