# One command each for people and CI. `make` lists them.
# They need Python 3.11 to 3.13 and make; all else is installed into .venv at the first call.

PYTHON ?=
VENV := .venv
STAMP := $(VENV)/.installed
REQUIREMENTS := requirements.txt requirements-dev.txt

IS_RIGHT := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

# Empty when there is no virtual environment, or when its Python is gone, as after an upgrade.
VENV_WORKS := $(shell $(VENV)/bin/python -c '$(IS_RIGHT)' >/dev/null 2>&1 && echo yes)
# The stamp holds what was installed: dates say nothing where files were copied or unpacked.
UP_TO_DATE := $(shell cat $(REQUIREMENTS) constraints.txt | cmp -s - $(STAMP) && echo yes)

.DEFAULT_GOAL := help
.PHONY: help run test faults e2e demo lint postman clean force

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

run: $(STAMP) ## start everything on this machine: servers, API on PORT (3000), worker
	@exec $(VENV)/bin/python server.py

test: $(STAMP) ## all tests, against servers of their own (ARGS="-k name" for some)
	@$(VENV)/bin/python -m pytest $(ARGS)

faults: $(STAMP) ## kill, cut and hang everything, then check the books (FAULT_SEED=n replays)
	@$(VENV)/bin/python -m pytest tests/faults -s $(ARGS)

e2e: $(STAMP) postman ## newman, schemathesis, linters, a browser, the examples (chromium, node, curl)
	@$(VENV)/bin/python -m pytest tests/e2e $(ARGS)

demo: $(STAMP) ## the whole story in the terminal, against what runs on PORT (3000)
	@$(VENV)/bin/python examples/demo.py

lint: $(STAMP) ## style, types, known vulnerabilities
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy .
	@$(VENV)/bin/python -m tests.dependency_audit

postman: $(STAMP) ## the Postman collection, by newman (needs node and npm)
	@$(VENV)/bin/python -m tests.postman

clean: ## remove .venv and caches; the data in .local stays
	rm -rf $(VENV) node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo 'Data of the local stack is kept in .local; rm -rf .local forgets it.'

# Each candidate must really run: version managers leave commands behind that only print an error.
$(STAMP): $(REQUIREMENTS) constraints.txt $(if $(and $(VENV_WORKS),$(UP_TO_DATE)),,force)
	@for python in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
	  if $$python -c '$(IS_RIGHT)' >/dev/null 2>&1; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo 'No Python 3.11, 3.12 or 3.13 that can make virtual environments was found.' >&2; \
	  echo 'Install one (Debian and Ubuntu: also its -venv package), or name it:' >&2; \
	  echo '  make PYTHON=/path/to/python3.13 ...' >&2; \
	  exit 1; \
	fi; \
	if [ -z "$(VENV_WORKS)" ]; then \
	  echo "Making $(VENV) with $$($$found --version) ($$found) ..."; \
	  rm -rf $(VENV) && $$found -m venv $(VENV) || exit 1; \
	fi; \
	echo 'Installing the packages of $(REQUIREMENTS) ...'; \
	$(VENV)/bin/python -m pip install --disable-pip-version-check $(REQUIREMENTS:%=-r %)
	@cat $(REQUIREMENTS) constraints.txt > $@

force:
