# make run [PROMPT="…"] [PROFILE=local|t4|a100] [ARGS="--only 07 --force"]   the notebooks, their reports and an index page
# make test                                                                  every test, the linters and the type checker
# make bench                                                                 every measurement in benchmarks/
# make clean                                                                 removes caches, .venv and what runs wrote
#
# All of them make .venv first. Variables: PYTHON (3.11 or newer); TORCH_INDEX, the address of a package index whose torch is
# built for the CPU only: on a machine without a GPU it saves a download of some gigabytes.

SHELL := /bin/bash
PYTHON ?= python3
PROFILE ?= local
VENV := .venv
RUN := $(VENV)/bin/python
STAMP := $(VENV)/.installed
PIP := $(RUN) -m pip install --quiet --disable-pip-version-check
# taken literally and handed over through the environment, so that quotes and dollar signs in a sentence survive
override PROMPT := $(value PROMPT)
export PROMPT

.PHONY: run test bench clean

run: $(STAMP)
	@$(RUN) -m diaglib run --profile "$(PROFILE)" $(if $(PROMPT),-p "PROMPT=$$PROMPT") $(ARGS)

test: $(STAMP)
	@$(RUN) -m pytest $(ARGS)

bench: $(STAMP)
	@failed=; for file in benchmarks/*.py; do \
		[ -e "$$file" ] || { echo "there is nothing in benchmarks/ yet"; exit 1; }; \
		echo "== $$file"; $(RUN) "$$file" || failed="$$failed $$file"; \
	done; [ -z "$$failed" ] || { echo "failed:$$failed"; exit 1; }

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis outputs/local outputs/t4 outputs/a100
	find diaglib tests notebooks -name __pycache__ -prune -exec rm -rf {} +

# torch first and by itself, so that the CPU build asked for is not replaced while the rest is resolved
$(STAMP): requirements.txt constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "diaglib needs Python 3.11 or newer: make PYTHON=python3.12")'
	@[ -x $(RUN) ] || { echo "making $(VENV) (once, a few minutes)"; $(PYTHON) -m venv $(VENV); }
	@$(RUN) -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("torch") is None)' || \
		$(PIP) $(if $(TORCH_INDEX),--index-url "$(TORCH_INDEX)") "$$(grep '^torch==' constraints.txt)"
	@$(PIP) -c constraints.txt -r requirements.txt -e '.[dev]'
	@touch $@
