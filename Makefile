# Everything is installed into this folder (.venv, .venv-lambda, .venv-bench); nothing outside it is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --no-input --require-hashes
PORT ?= 8000

.PHONY: help demo up test lint bench-media lock clean
.DELETE_ON_ERROR:

help:  ## What can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  make demo PHOTO=p.jpg VIDEO=v.mp4 AUDIO=a.mp3 SRT=s.srt    your own files"
	@echo "  make up PORT=8000 WORKERS=2 SWEEP_SECONDS=10"
	@echo '  make bench-media BENCH="--quick --only img2vid"             docs/benchmarks.md tells the rest'

demo: $(VENV)/.local  ## Run every operation on one machine and save the videos in demo-output/
	@$(BIN)/python -m local demo \
	  $(if $(PHOTO),--photo "$(PHOTO)") $(if $(VIDEO),--video "$(VIDEO)") \
	  $(if $(AUDIO),--audio "$(AUDIO)") $(if $(SRT),--srt "$(SRT)")

up: $(VENV)/.local  ## Keep the whole system running on 127.0.0.1
	@exec $(BIN)/python -m local up --port $(PORT) \
	  $(if $(WORKERS),--workers $(WORKERS)) $(if $(SWEEP_SECONDS),--sweep-seconds $(SWEEP_SECONDS))

test: lint .venv-lambda/.done  ## Lint, types, import rules, and all tests
	$(BIN)/python -m pytest

lint: $(VENV)/.dev  ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# The Python of the worker's image, where there is one: it draws stills with another library than Python 3.11.
IMAGE_PYTHON ?= $(shell for python in python3.13 python3.12 $$HOME/.pyenv/versions/3.13.*/bin/python $$HOME/.pyenv/versions/3.12.*/bin/python; do \
  $$python -c '' 2>/dev/null && echo $$python && break; done)

bench-media: $(VENV)/.bench  ## Measure the media engine against its targets and against what others do (about 20 minutes)
	@$(if $(IMAGE_PYTHON),$(MAKE) --no-print-directory .venv-bench/.done)
	@$(if $(IMAGE_PYTHON),.venv-bench/bin/python -m benchmarks.media --also $(BIN)/python,$(BIN)/python -m benchmarks.media) $(BENCH)

lock: $(VENV)/.dev  ## Pin the dependencies of pyproject.toml again
	sh scripts/lock.sh $(BIN)/python

clean:  ## Remove what was installed and made
	rm -rf $(VENV) .venv-lambda .venv-bench demo-output .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "api-gpu needs Python 3.11 or newer: make PYTHON=python3.13 …")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.local: requirements-local.txt | $(VENV)/bin/python
	@echo "Installing into $(VENV) (once, about a minute)…"
	@$(BIN)/python $(PIP_INSTALL) -r $<
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.local
	@echo "Installing the test tools into $(VENV) (once)…"
	@$(BIN)/python $(PIP_INSTALL) -r $<
	@touch $@

$(VENV)/.bench: requirements-bench.txt $(VENV)/.local
	@echo "Installing what the measuring needs into $(VENV) (once)…"
	@$(BIN)/python $(PIP_INSTALL) -r $<
	@touch $@

.venv-bench/.done: requirements-bench.txt
	@echo "Installing into .venv-bench for $(IMAGE_PYTHON) (once, about a minute)…"
	@$(IMAGE_PYTHON) -m venv --clear .venv-bench
	@.venv-bench/bin/python $(PIP_INSTALL) -r $<
	@touch $@

# The gateway's own pinned packages and nothing else: what a Lambda function has.
.venv-lambda/.done: lambda_api/requirements.txt
	@$(PYTHON) -m venv --clear .venv-lambda
	@.venv-lambda/bin/python $(PIP_INSTALL) -r $<
	@touch $@
