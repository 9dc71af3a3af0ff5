# One command each for people and CI. `make` lists them.
# They need make, and Python 3.11 to 3.13 or uv; all else is installed into .venv at the first call.

PYTHON ?=
UV ?= uv
export PYTHON UV
# pip installs without compiling (local_stack/install.sh), so with this variable, which many containers set, each
# start of each process would compile all packages anew: 8.1 s of CPU instead of 2.3 s for `import server`.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
TO_RUN := requirements.txt requirements-local.txt
TO_DEVELOP := $(TO_RUN) requirements-tracing.txt requirements-dev.txt

# Stamps hold what was installed: dates say nothing where files were copied or unpacked.
RUN := $(VENV)/.run
DEV := $(VENV)/.dev
# Empty when there is no virtual environment, or when its Python is gone, as after an upgrade.
VENV_WORKS := $(shell $(VENV)/bin/python -c 'import sys' >/dev/null 2>&1 && echo yes)
outdated = $(if $(and $(VENV_WORKS),$(shell cat $(2) constraints.txt | cmp -s - $(1) && echo yes)),,force)

.DEFAULT_GOAL := help
.PHONY: help run test faults interop mutants e2e demo lint postman sbom lock clean force

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

run: $(RUN) ## start everything on this machine: servers, API on PORT (3000), worker
	@exec $(VENV)/bin/python server.py

# As many at once as there are processors, 4 at most: each has servers of its own. Those of one file run in turn.
AT_ONCE := -n auto --maxprocesses 4 --dist loadfile

test: $(DEV) ## all tests, against servers of their own (ARGS="-k name" for some, one by one)
	@$(VENV)/bin/python -m pytest $(or $(ARGS),$(AT_ONCE))

faults: $(DEV) ## kill, cut and hang everything, then check the books (FAULT_SEED=n replays)
	@$(VENV)/bin/python -m pytest tests/faults -s $(ARGS)

interop: $(DEV) ## a Node deployment beside ours, on one database, cache and queue (node, npm)
	@$(VENV)/bin/python -m pytest tests/interop $(ARGS)

mutants: $(DEV) ## change one place at a time: does a test notice? Hours; Ctrl-C, and it goes on next time
	@$(VENV)/bin/python -m tests.mutants $(ARGS)

e2e: $(DEV) postman ## newman, schemathesis, linters, a browser, nginx, promtool, examples (chromium, node, curl, zsh)
	@$(VENV)/bin/python -m pytest tests/e2e $(or $(ARGS),$(AT_ONCE))

demo: $(RUN) ## the whole story in the terminal, against what `make run` started
	@$(VENV)/bin/python examples/demo.py

lint: $(DEV) ## style, types, known vulnerabilities
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy .
	@$(VENV)/bin/python -m tests.dependency_audit

postman: $(DEV) ## the Postman collection, by newman (needs node and npm)
	@$(VENV)/bin/python -m tests.postman

sbom: $(DEV) ## sbom.cdx.json: what production consists of, in CycloneDX
	@$(VENV)/bin/python -m deploy.sbom

lock: $(DEV) ## deploy/containers/requirements.lock, of requirements.txt and constraints.txt
	@$(VENV)/bin/uv pip compile requirements.txt --universal --python-version 3.11 --generate-hashes --quiet \
		--custom-compile-command 'make lock' --output-file deploy/containers/requirements.lock

clean: ## remove .venv and caches; the data in .local stays
	rm -rf $(VENV) node_modules tests/interop/node/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo 'Data of the local stack is kept in .local; rm -rf .local forgets it.'

$(RUN): $(call outdated,$(RUN),$(TO_RUN))
	@sh local_stack/install.sh $(TO_RUN)
	@cat $(TO_RUN) constraints.txt > $(RUN)

$(DEV): $(call outdated,$(DEV),$(TO_DEVELOP))
	@sh local_stack/install.sh $(TO_DEVELOP)
	@cat $(TO_DEVELOP) constraints.txt > $(DEV)
	@cat $(TO_RUN) constraints.txt > $(RUN)

force:
