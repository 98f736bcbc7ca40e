# Each target sets up what it needs; all can be repeated.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup demo test check bench docs format clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,simulate]'
	touch $(READY)

demo: setup ## make a 360-degree scene and locate its sounds
	$(BIN)/python -m hearsight simulate demo/scene --demo
	$(BIN)/python -m hearsight locate demo/scene/scene.mp4 --audio demo/scene/scene.wav --out demo/result

test: setup docs ## everything that guards us
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2

check: setup docs ## the quick loop
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2 -m "not slow"

bench: setup ## print the speed table
	$(BIN)/python -m benchmarks

docs: setup
	$(BIN)/mkdocs build --quiet --strict

format: setup
	$(BIN)/ruff check --fix src tests benchmarks
	$(BIN)/ruff format src tests benchmarks

clean:
	rm -rf demo site build dist
