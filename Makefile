# Two commands: `make demo` and `make test`. Both make the environment first, from the locks.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& command -v $$p && break; done)
UV := $(shell command -v uv 2>/dev/null)

# Tests start hundreds of processes: compiled once, and not anew by each of them.
export PYTHONDONTWRITEBYTECODE :=
# Types are checked by as many processes.
export MYPY_NUM_WORKERS ?= 2

.PHONY: help demo test test-clients test-kernel lint setup clean

help:  ## Say what there is.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/runtime.stamp  ## Set up and run the main job: 20 callers, three networks, one report.
	$(BIN)/harness run conversation --users 20 --calls 72 --network ideal,lte_good,wifi_busy

test: $(VENV)/development.stamp  ## Set up and pass the tests.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy
	$(BIN)/harness network install
	$(BIN)/pytest -n 5 --dist worksteal --cov --cov-report=term

test-clients: $(VENV)/development.stamp  ## Other people's clients talk to the simulator (network, node; 2 minutes).
	$(BIN)/pytest tests/simulator/clients/check_clients.py tests/simulator/clients/check_carriers.py tests/simulator/clients/check_vendors.py tests/simulator/clients/check_a2a.py tests/simulator/clients/check_wyoming.py -rs --timeout 900

test-kernel: $(VENV)/development.stamp  ## Check the loss model against this kernel's own TCP (root on Linux).
	$(BIN)/pytest tests/kernel/check_model.py -rs

lint: $(VENV)/development.stamp  ## Format and check without running tests.
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy

setup: $(VENV)/development.stamp  ## Make the environment and nothing else.

clean:  ## Remove the environment and caches, but no report.
	rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/runtime.stamp: requirements.lock pyproject.toml | $(BIN)/python
	$(call install,requirements.lock)
	@touch $@

$(VENV)/development.stamp: requirements-dev.lock pyproject.toml | $(BIN)/python
	$(call install,requirements-dev.lock)
	@touch $@ $(VENV)/runtime.stamp

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "harness needs Python 3.11, 3.12 or 3.13 on PATH" >&2; exit 4; }
	$(if $(UV),$(UV) venv --quiet --seed --python $(PYTHON) $(VENV),$(PYTHON) -m venv $(VENV))

# An environment that uv once made has no pip of its own.
# The checkout itself is installed without its dependencies: they all came from the lock.
define install
$(if $(UV),,@$(BIN)/python -c 'import pip' 2>/dev/null || $(BIN)/python -m ensurepip >/dev/null)
$(if $(UV),$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r $(1),$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1))
$(if $(UV),$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .,$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .)
endef
