.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
DATA ?= ../shared/data
SEED ?= 1
QUICK := not streams and not browser and not wheel and not emulator and not deploy
# uv installs the same lock file several times faster; where it cannot reach the registry pip does it.
UV := uv==0.13.9
DEPLOY_CHECKERS := .venv-deploy
SUPPLY_CHECKERS := .venv-supply-chain

# Modules are compiled once, not by every process that imports them.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install demo test check lint types imports supply-chain streams emulator faults faults-quick browser wheel bench case-studies model learning-curve evaluate spikes docs deploy-check image lock clean

help:  ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP)  ## Build .venv from the lock file; does nothing when it is current

# The project itself is installed as a link to this tree, so a change of code needs no new install.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "make: $(PYTHON) is $$($(PYTHON) -V); Tribometer needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing into .venv (uv takes seconds; without it pip takes about two minutes)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(UV) \
	  && $(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python --require-hashes -r requirements.lock \
	  || { echo "uv did not get there; pip goes on, which takes about two minutes"; $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $(STAMP)

demo: install  ## Run the main job on a simulated launch and show what it found
	@PATH="$(CURDIR)/$(BIN):$$PATH" examples/demo.sh

test: install  ## Run the tests: no network, no shared data, about a quarter of an hour on two cores (COVERAGE=1 counts the lines)
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(if $(COVERAGE),--cov) -m "$(QUICK)"

check: lint types imports  ## Lint, types and import rules

lint: install
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: install
	@$(BIN)/mypy

imports: install
	@$(BIN)/lint-imports

# The checkers have an environment of their own, so that they are not among what they check.
supply-chain: $(SUPPLY_CHECKERS)/.installed  ## Licences of all that is locked, bill of materials into dist/, no secrets in the tree
	@$(SUPPLY_CHECKERS)/bin/python -m supply_chain

$(SUPPLY_CHECKERS)/.installed: $(STAMP) supply_chain/requirements.lock
	@test -x $(SUPPLY_CHECKERS)/bin/python || $(PYTHON) -m venv --without-pip $(SUPPLY_CHECKERS)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(UV)
	@$(BIN)/uv pip install --quiet --system-certs --python $(SUPPLY_CHECKERS)/bin/python --require-hashes -r supply_chain/requirements.lock
	@touch $@

streams: install  ## Tests on the real streams (DATA=folder with streams/ and labels/)
	@TRIBOMETER_DATA="$(DATA)" $(BIN)/python -m pytest -n auto -m streams

faults: install  ## Break listener, queue, disk and clock for an hour; keep the table in docs/reliability.md
	@TRIBOMETER_DATA="$(DATA)" $(BIN)/python -m tests.faults --seed $(SEED) --write

faults-quick: install  ## The scenarios that take seconds, about five minutes (SEED=number)
	@TRIBOMETER_DATA="$(DATA)" $(BIN)/python -m tests.faults --seed $(SEED) --quick

emulator: install  ## Tests on the real Pub/Sub emulator (gcloud SDK and Java)
	@$(BIN)/python -m pytest -m emulator

browser: install  ## Tests that open the report in Chromium
	@$(BIN)/python -m pytest -m browser

wheel: install  ## Build the wheel and try it in an empty environment
	@$(BIN)/python -m pytest -m wheel

bench: install  ## Measure speed, memory and bytes on the real streams (ONLY=section, MINUTES=of memory, KEEP=folder of 10 M events)
	@$(BIN)/python -m benchmarks --data "$(DATA)" $(addprefix --only ,$(ONLY)) $(addprefix --minutes ,$(MINUTES)) $(addprefix --keep ,$(KEEP))

case-studies: install  ## Ask the real streams the questions of docs/case-studies, once more (ONLY=page, WRITE=1 keeps)
	@$(BIN)/python -m benchmarks.case_studies --data "$(DATA)" $(addprefix --only ,$(ONLY)) $(if $(WRITE),--write)

model: install  ## Train the shipped models again from the labelled sets
	@$(BIN)/tribometer train --data "$(DATA)" --out models/en_feedback
	@$(BIN)/python -m models.train_languages --data "$(DATA)"
	@$(BIN)/python -m models.anchor --data "$(DATA)" --write

learning-curve: install  ## What labels of a user's own are worth; figures into docs/adapting.md
	@$(BIN)/python -m models.learning_curve --data "$(DATA)" --write docs/adapting.md

evaluate: install  ## Measure the shipped model and keep the figures in its card (ONLY=section,…)
	@$(BIN)/tribometer evaluate --data "$(DATA)" --write $(addprefix --only ,$(ONLY))

spikes: install  ## Measure how well spikes are found in simulated worlds, about half an hour (ONLY=section, SEEDS=11-16)
	@TRIBOMETER_DATA="$(DATA)" $(BIN)/python -m benchmarks.spikes --write $(addprefix --only ,$(ONLY)) $(addprefix --seeds ,$(SEEDS))

docs: install  ## Write the generated pages again
	@$(BIN)/python -m pipelines.view_types
	@$(BIN)/python -m pipelines.alerts.wire
	@$(BIN)/python -m pipelines.docs

# Checkers of other people's formats stand apart: they are many, and the product needs none of them.
$(DEPLOY_CHECKERS)/.installed: $(STAMP) deploy/check.lock
	@test -x $(DEPLOY_CHECKERS)/bin/python || $(PYTHON) -m venv --without-pip $(DEPLOY_CHECKERS)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(UV)
	@$(BIN)/uv pip install --quiet --system-certs --python $(DEPLOY_CHECKERS)/bin/python --require-hashes -r deploy/check.lock
	@touch $@

deploy-check: $(DEPLOY_CHECKERS)/.installed  ## Hold deploy/ against hadolint, promtool, checkov and the schemas (needs promtool: Debian's prometheus)
	@TRIBOMETER_CHECKERS="$(CURDIR)/$(DEPLOY_CHECKERS)/bin" $(BIN)/python -m pytest -m deploy tests/deploy

image:  ## Build the container image (PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:…, see deploy/image)
	docker build --file deploy/image/Dockerfile --build-arg PYTHON_IMAGE="$(PYTHON_IMAGE)" --tag tribometer .

# Written without addresses, so that it installs from whichever registry pip is set up for.
lock:  ## Resolve the dependencies again (needs uv)
	uv pip compile --universal --generate-hashes --python-version 3.11 --extra report --extra train \
	  --group dev --no-emit-index-url --custom-compile-command "make lock" pyproject.toml -o requirements.lock
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
	  --custom-compile-command "make lock" supply_chain/requirements.in -o supply_chain/requirements.lock
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
	  --custom-compile-command "make lock" --constraint requirements.lock pyproject.toml -o deploy/image/runtime.lock
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
	  --custom-compile-command "make lock" deploy/image/build.in -o deploy/image/build.lock
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
	  --custom-compile-command "make lock" --group deploy -o deploy/check.lock

clean:  ## Remove what was built, not what was installed
	rm -rf build dist demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
