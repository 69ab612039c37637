# Everything a newcomer needs: `make demo` and `make test`. Both create the environment on first use.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

.PHONY: demo test quick lint format types bench lock clean

demo: $(VENV)/.installed ## study the reference probe and say where the report is
	$(BIN)/thermonet study ntistp --out runs/demo
	@echo "open runs/demo/report.html in a browser"

test: $(VENV)/.tools ## the whole suite
	$(BIN)/python -m pytest -n auto -q

quick: $(VENV)/.tools ## the fast part of the suite
	$(BIN)/python -m pytest -n auto -q -m "not slow"

lint: $(VENV)/.tools ## lint and format, nothing changed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.tools ## format and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.tools ## strict types
	$(BIN)/mypy

bench: $(VENV)/.tools ## one JSON line per figure of the README's table
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/study.py
	$(BIN)/python benchmarks/gradients.py
	$(BIN)/python benchmarks/calibrate.py
	$(BIN)/python benchmarks/update.py
	$(BIN)/python benchmarks/network.py

lock: ## resolve the locked dependencies anew (needs uv)
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) --extra build pyproject.toml -o requirements-build.lock
	$(COMPILE) --extra build --extra test pyproject.toml -o requirements-test.lock

clean:
	rm -rf $(VENV) runs build dist .mypy_cache .ruff_cache

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# What the program needs at run time (requirements.lock), the build backend beside it, and the program itself.
$(VENV)/.installed: requirements-build.lock pyproject.toml | $(BIN)/python
	$(INSTALL) --require-hashes -r requirements-build.lock
	$(INSTALL) --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.tools: requirements-test.lock $(VENV)/.installed
	$(INSTALL) --require-hashes -r requirements-test.lock
	touch $@
