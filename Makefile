# Every verb of this repository. `make help` lists them; CI types the same ones as you do.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
# Of `make simulate`; the nightly run takes 2000.
SEEDS  ?= 100
# Of `make fuzz` and `make fuzz-api`.
SECONDS ?= 600
CASES   ?= 10000
# Rewritten only when the environment was: nothing is installed twice for one lock file.
STAMP   := $(VENV)/.installed
FUZZERS := $(VENV)/.fuzzers
HELM    := $(or $(shell command -v helm),.cache/bin/helm)
PROMTOOL := $(or $(shell command -v promtool),.cache/bin/promtool)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
PIP_COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

.DEFAULT_GOAL := help
.PHONY: help install run test bench simulate conformance fuzz fuzz-api lint format docs lock chart drill crash-matrix gate-model branches \
	mutants proof evaluate

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP) ## Create .venv with exactly what requirements-dev.lock names

$(STAMP): requirements-dev.lock
	@test -n "$(PYTHON)" || { echo "There is no Python here: install Python 3.11 or newer, or say make PYTHON=/path/to/python" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, and $(PYTHON) is $$("$(PYTHON)" -V 2>&1): install it, or say make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Installing into $(VENV) (once, until the lock file changes)"
	@"$(PYTHON)" -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@# The lock holds the build backend too, so that building fetches nothing that has no hash. What setuptools warns
	@# of is a folder named like the package where one works: that folder is the package.
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

run: $(STAMP) ## Start the sandbox, fire one drill alert, watch it become a war room (Ctrl-C ends it)
	@exec $(BIN)/incident-response sandbox

test: $(STAMP) ## Run every test
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

drill: $(STAMP) ## Play everything that an incident can bring in a sandbox, and look at what is left (2-5 minutes)
	$(BIN)/incident-response drill --sandbox --full

bench: $(STAMP) ## How fast it is here: room, publish, postmortem, webhook; fails if a promised time is missed (1-3 minutes)
	@$(BIN)/python -m scripts.bench

conformance: $(STAMP) ## Store and queue against DynamoDB Local and ElasticMQ too (needs Java 17 and Maven)
	$(BIN)/python scripts/engines.py

simulate: $(STAMP) ## Break everything at random, SEEDS times over (100), and check every promise
	@$(BIN)/incident-response simulate --seeds $(SEEDS)

$(FUZZERS): requirements-fuzz.lock $(STAMP)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-fuzz.lock
	@touch $@

fuzz: $(FUZZERS) ## Coverage-guided bytes at all that a stranger reaches, for SECONDS (600)
	$(BIN)/python -m tests.fuzz.fuzz_bytes $(SECONDS)

fuzz-api: $(FUZZERS) ## CASES (10000) made from the webhook's OpenAPI, against the real pod
	$(BIN)/python -m tests.fuzz.fuzz_api $(CASES)

gate-model: $(STAMP) ## Every order in which things can happen at the door: states visited, promises broken
	$(BIN)/python -m tests.simulation.gate_search

branches: $(STAMP) ## Gate, audit trail and ledger: below 100 % of their branches it is red (and it is seen to turn red)
	$(BIN)/python -m scripts.branches

mutants: $(STAMP) ## Put each known fault into a copy of the tree: the tests must see it (MUTANTS=G: only those)
	$(BIN)/python scripts/mutants.py $(MUTANTS)

proof: $(STAMP) ## Take four safeguards away, one at a time: the simulation and a test each see it, and name the promise
	$(BIN)/python -m scripts.proof

evaluate: $(STAMP) ## How well words are written and read (MODEL=, CLASSIFIER=: inference profiles of Bedrock)
	$(BIN)/python -m scripts.evaluate --model "$(MODEL)" --classifier "$(CLASSIFIER)"

crash-matrix: $(STAMP) ## Kill the processor at every await of four flows, and write docs/crash-matrix.md
	$(BIN)/python -m tests.simulation.crash_matrix

$(HELM):
	@command -v go >/dev/null || { echo "helm is not here, and neither is Go to build it: install helm (https://helm.sh), then run this again" >&2; exit 1; }
	@echo "Building helm into .cache/bin (once)"
	@GOBIN=$(abspath $(dir $@)) go install helm.sh/helm/v3/cmd/helm@v3.19.0

$(PROMTOOL):
	@command -v apt-get >/dev/null || { echo "promtool is not here, and this is no Debian to get it from: install Prometheus's promtool, then run this again" >&2; exit 1; }
	@echo "Fetching promtool into .cache/bin (once)"
	@mkdir -p .cache/prometheus $(dir $@)
	@cd .cache/prometheus && { apt-get download -qq prometheus 2>/dev/null || { apt-get update -qq && apt-get download -qq prometheus; }; } \
		&& dpkg -x prometheus_*.deb . && cp usr/bin/promtool $(abspath $@)

chart: $(STAMP) $(HELM) $(PROMTOOL) ## Render the chart for every environment, hold it and its alerts against their tests
	$(BIN)/python -m pytest tests/chart

lint: $(STAMP) ## Style, types, and the import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP) ## Mend what ruff can mend
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(STAMP) ## Write the generated parts of docs/ anew
	$(BIN)/python -m scripts.docs

lock: $(STAMP) ## Pin every dependency anew, with hashes (add UPGRADE=--upgrade for newer versions)
	$(PIP_COMPILE) $(UPGRADE) --all-extras --output-file requirements-dev.lock pyproject.toml
	$(PIP_COMPILE) $(UPGRADE) --constraint requirements-dev.lock --output-file requirements.lock pyproject.toml
	$(PIP_COMPILE) $(UPGRADE) --constraint requirements-dev.lock --output-file requirements-fuzz.lock \
		tests/fuzz/requirements.in
