# make run            open the window           make run FILE=experiment.toml
# make test           run all tests             make test ARGS="-k moons"
# make check          lint, formatting, spelling, types, import contract
# make lessons        train all lessons, and write what was measured into them and docs/teaching.md
# make bench          measure                 make bench ARGS="--quick --only control"
# make stress         end the window by every signal                  make stress ARGS="--times 100"
# Each sets up .venv first, and only as far as something changed. PYTHON=python3.12 chooses the interpreter.

PYTHON ?= python3
FILE ?=
ARGS ?=
VENV_PYTHON = .venv/bin/python
PREPARE = "$(PYTHON)" scripts/prepare.py

.PHONY: run test lessons bench stress check clean python

run: python
	@$(PREPARE) --platform xcb
	@$(VENV_PYTHON) -m sandbox $(FILE)

test: export QT_QPA_PLATFORM ?= offscreen

test: python
	@$(PREPARE) --extra test
	$(VENV_PYTHON) -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

lessons: python
	@$(PREPARE)
	$(VENV_PYTHON) -m sandbox check --lessons --record
	PYTHONPATH=. $(VENV_PYTHON) scripts/teaching.py

bench: python
	@$(PREPARE) --extra bench || { echo "Measuring without scikit-learn and PyTorch." >&2 && $(PREPARE) --extra test; }
	$(VENV_PYTHON) -m tests.benchmarks $(ARGS)

stress: python
	@$(PREPARE) --extra test
	$(VENV_PYTHON) -m tests.stress $(ARGS)

check: python
	@$(PREPARE) --extra dev
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m ruff format --check .
	.venv/bin/codespell
	$(VENV_PYTHON) -m mypy
	.venv/bin/lint-imports

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find sandbox scripts tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Written so that even a very old Python can say what is wrong.
python:
	@command -v "$(PYTHON)" >/dev/null || { echo "Python 3.11 or newer is needed, but $(PYTHON) was not found: \
	install it (Debian, Ubuntu: apt install python3 python3-venv) or name yours: make run PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, \
	and $(PYTHON) is " + sys.version.split()[0] + ": install a newer one and name it: make run PYTHON=python3.12")'
