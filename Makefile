# Every target sets up .venv by itself; a second call does no work again.  See README.md.
PYTHON ?= python3
PY := .venv/bin/python
SETUP := $(PYTHON) scripts/setup.py

.PHONY: run test setup fuzz audit eval bench cycle lint types pins starter clean

run:
	@$(SETUP) serve
	@$(PY) run_bot.py

setup:
	@$(SETUP) serve train dev

test: setup lint types
	@$(PY) -m pytest

lint: setup
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@.venv/bin/lint-imports --no-cache

types: setup
	@$(PY) -m mypy

eval: setup
	@$(PY) -m evaluation

# From generated couple photos to recommendations, on real pixels, with a shuffled control; takes a quarter of an hour.
cycle: setup
	@$(PY) -m evaluation.cycle

bench: setup
	@$(PY) -m benchmarks

# Learn the starter pack again from the photographs that may ship (docs/adr/0004-starter-types.md); takes about half an hour.
starter: setup
	@$(PY) -m engine.training.garments
	@$(PY) -m engine.training.starter

# A million hostile inputs (docs/security.md); takes about half an hour of one core.
fuzz: setup
	@$(PY) -m fuzz --cases 1000000

# Our own code with bandit, the pinned packages with pip-audit; exit code 3 where the database cannot be reached.
audit: setup
	@$(PY) scripts/audit.py

pins:
	@$(PYTHON) scripts/pin.py

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
