# Every target sets up .venv by itself; a second call does no work again.  See README.md.
PYTHON ?= python3
PY := .venv/bin/python
SETUP := $(PYTHON) scripts/setup.py

.PHONY: run test setup fuzz audit eval bench cycle lint types pins starter clean help

run: ## start the bot: on Telegram with TELEGRAM_BOT_TOKEN, else a chat page on http://127.0.0.1:8080
	@$(SETUP) serve
	@$(PY) run_bot.py

setup: ## only the set-up: .venv with the pinned packages
	@$(SETUP) serve train dev

test: setup lint types ## lint, types and the whole test suite
	@$(PY) -m pytest

lint: setup ## ruff and import-linter
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@.venv/bin/lint-imports --no-cache

types: setup ## mypy, strict
	@$(PY) -m mypy

eval: setup ## is it right? on INYEON_EVAL__DATA, into evaluation/results
	@$(PY) -m evaluation

# From generated couple photos to recommendations, on real pixels, with a shuffled control; takes a quarter of an hour.
cycle: setup ## learning from generated couples, from photos to recommendations; a quarter of an hour
	@$(PY) -m evaluation.cycle

bench: setup ## is it quick? into benchmarks/results
	@$(PY) -m benchmarks

# Learn the starter pack again from the photographs that may ship (docs/adr/0004-starter-types.md); takes about half an hour.
starter: setup ## learn the starter types again; half an hour
	@$(PY) -m engine.training.garments
	@$(PY) -m engine.training.starter

# A million hostile inputs (docs/security.md); takes about half an hour of one core.
fuzz: setup ## a million hostile inputs; half an hour
	@$(PY) -m fuzz --cases 1000000

# Our own code with bandit, the pinned packages with pip-audit; exit code 3 where the database cannot be reached.
audit: setup ## known vulnerabilities of the packages, and bandit over our code
	@$(PY) scripts/audit.py

pins: ## pin the packages anew
	@$(PYTHON) scripts/pin.py

clean: ## remove .venv and caches; the bot's data under var stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s  %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
