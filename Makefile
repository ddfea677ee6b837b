# These commands do everything on a fresh Debian or Ubuntu with Python 3.11 or newer:
#   make demo   an environment in .venv, the GL libraries, then the simulated Spot picks up a bottle
#   make test   the same environment with the development tools, then lint, types, import contracts and tests
#   make quick  the tests that take a moment each, for the loop of writing: no lint, no physics
#   make docs   the documentation site in site/, without the simulator
# Variables: PYTHON (interpreter to make .venv from), TORCH_ARGS (more options for installing torch, docs/install.md),
#            SEED, SCENE and RUN_ARGS of the demo, WORKERS (processes that share the tests, default 2), PYTEST_ARGS.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
SEED ?= 0
SCENE ?= bottle
WORKERS ?= 2
TORCH := 2.13.0
ULTRALYTICS := ultralytics ultralytics-thop

.PHONY: help demo test quick lint docs clean

help:
	@sed -n '2,7p' Makefile | cut -c3-

demo: $(VENV)/.run
	@$(BIN)/spot-grasp run grasp_bottle --robot genesis --scene $(SCENE) --seed $(SEED) --video $(RUN_ARGS)

test: lint
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup --benchmark-disable $(PYTEST_ARGS)

quick: $(VENV)/.develop
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup --benchmark-disable -m 'not slow and not simulation' \
	  --hypothesis-profile=quick $(PYTEST_ARGS)

lint: $(VENV)/.develop
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache 2>&1 | tail -n 15

docs: $(VENV)/.docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "Open site/index.html; to search in it: $(BIN)/mkdocs serve"

clean:
	rm -rf $(VENV) build site *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .benchmarks
	find app behaviours perception simulation training trees tests -name __pycache__ -prune -exec rm -rf {} +

# The environment. Each stamp is newer than what it was made from, so the second time is quick.
$(VENV)/.python: .ci/system-packages
	@python='$(PYTHON)'; \
	for name in python3 python3.13 python3.12 python3.11; do \
	  [ -n "$$python" ] && break; \
	  if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$name; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Python 3.11 or newer is needed. Type: sudo apt-get install -y python3 python3-venv (or make PYTHON=...)" >&2; exit 1; \
	fi; \
	more=(); "$$python" -c 'import ensurepip, venv' 2>/dev/null || more=(python3-venv); \
	bash .ci/system-packages $${more[@]+"$${more[@]}"}; \
	echo "Making $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv $(VENV)
	@touch $@

# The CPU wheel where an index offers it; without one plain torch, which on Linux brings some GB of CUDA along.
$(VENV)/.torch: $(VENV)/.python constraints.txt
	@if said=$$($(PIP) install -qq -c constraints.txt $(TORCH_ARGS) 'torch==$(TORCH)+cpu' 2>&1); then :; \
	elif [[ $$said == *"No matching distribution found for torch=="* ]]; then \
	  echo "No CPU wheel of torch $(TORCH) on your package index; taking the ordinary one (docs/install.md says how to avoid that)."; \
	  $(PIP) install -qq -c constraints.txt $(TORCH_ARGS) 'torch==$(TORCH)'; \
	else \
	  printf '%s\n' "$$said" "torch could not be installed, see the lines above; $(VENV) takes about 5 GB of disk." >&2; exit 1; \
	fi
	@touch $@

$(VENV)/.run: $(VENV)/.torch pyproject.toml
	@echo "Installing spot-grasp with the simulator into $(VENV), a few minutes the first time"
	@$(PIP) install -qq -c constraints.txt -e '.[sim]'
	@touch $@

$(VENV)/.docs: $(VENV)/.python pyproject.toml constraints.txt
	@$(PIP) install -qq -c constraints.txt -e '.[docs]'
	@touch $@

# ultralytics asks for torchvision, which has no wheel that fits a CPU torch; training does not need it.
$(VENV)/.develop: $(VENV)/.torch pyproject.toml
	@echo "Installing spot-grasp with the development tools into $(VENV), a few minutes the first time"
	@$(PIP) install -qq -c constraints.txt -e '.[dev]'
	@$(PIP) install -qq -c constraints.txt --no-deps $(ULTRALYTICS)
	@touch $@ $(VENV)/.run $(VENV)/.docs
