# Every target works on a fresh clone: it first makes .venv from the hash-checked lock.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.installed
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run test test-corpus test-formats test-faults test-slurm test-scale lint format docs lock bench golden fuzz sbom clean
.DEFAULT_GOAL := run

CORPUS := .venv/corpus

run: $(READY)
	$(BIN)/gmmpipe run

test: lint
	$(BIN)/pytest

# Minutes: kills, full disks, flipped bits; a short form is part of `make test`.
test-faults: $(READY)
	$(BIN)/python tests/system/faults/campaign.py

# Some 1,100 tables of well-known packages, read as pandas reads them: minutes.
test-corpus: $(READY)
	command -v Rscript > /dev/null || { apt-get update --quiet && \
		apt-get install --quiet --yes r-base-core r-recommended; }
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --require-hashes --upgrade \
		--target $(CORPUS) -r requirements-corpus.lock
	GMMPIPE_CORPUS=$(CURDIR)/$(CORPUS) $(BIN)/pytest tests/system/corpus --numprocesses=0

# What needs the libraries of extras (.xlsx, .fits, .sav ..., RO-Crates), which `make test` leaves out.
FORMATS := .venv/formats
test-formats: $(READY)
	$(BIN)/pip install --quiet --no-deps --require-hashes --upgrade --target $(FORMATS) \
		-r requirements-formats.lock
	GMMPIPE_FORMATS=$(CURDIR)/$(FORMATS) $(BIN)/pytest tests/system/extras --numprocesses=0

# A real Slurm on loopback: daemons from Debian, Snakemake's plugin beside the environment.
SLURM := .venv/slurm
test-slurm: $(READY)
	command -v slurmctld slurmd sbatch munged > /dev/null || { apt-get update --quiet && \
		apt-get install --quiet --yes slurmctld slurmd slurm-client munge; }
	$(BIN)/pip install --quiet --no-deps --require-hashes --upgrade --target $(SLURM) \
		-r requirements-slurm.lock
	GMMPIPE_SLURM=$(CURDIR)/$(SLURM) $(BIN)/pytest tests/system/slurm --numprocesses=0

# Data past memory and past one machine, with the bits of memory: 4 GB of disk and memory, minutes.
test-scale: $(READY)
	$(BIN)/pip install --quiet --require-hashes --no-build-isolation -r requirements-dask.lock
	$(BIN)/python benchmarks/scale.py --check --repeats 1
	$(BIN)/python benchmarks/workers.py

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/snakefmt --check Snakefile

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile

docs: run # the notebooks, executed, and the page of tables
	$(BIN)/python docs/notebooks.py
	$(BIN)/python docs/tables_page.py

bench: $(READY)
	$(BIN)/python benchmarks/engine.py

# The pictures that the figures are compared with: look at each in `git diff` before you commit it.
golden: $(READY)
	GMMPIPE_RENEW_GOLDEN=1 $(BIN)/pytest tests/figures/test_figure_golden.py

# Minutes of work on the reader of data and on the reader of conf/; finds are kept in build/fuzz/.
FUZZ_SECONDS ?= 600
fuzz: $(READY)
	$(BIN)/pip install --quiet --require-hashes -r requirements-fuzz.lock
	for target in reader config; do \
		$(BIN)/python -P tests/system/fuzz/run.py $$target $(FUZZ_SECONDS) || exit 1; done

# What the environment is made of, as CycloneDX; the tool has an environment of its own.
sbom: $(READY)
	$(PYTHON) -m venv build/sbom
	build/sbom/bin/pip install --quiet --require-hashes -r requirements-sbom.lock
	build/sbom/bin/cyclonedx-py environment $(BIN)/python --pyproject pyproject.toml \
		--output-reproducible --output-file build/sbom.cdx.json

# Everything is built here from locked tools (no isolation), so nothing escapes the hashes.
$(READY): requirements-build.lock requirements.lock pyproject.toml
	rm -rf .venv
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gmmpipe needs python >= 3.11; set PYTHON=")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r requirements-build.lock
	$(BIN)/pip install --quiet --require-hashes --no-build-isolation -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m gmmpipe.mixture.precompile # compiled once here, not once per job
	touch $@

UV_COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate --upgrade
lock: $(READY)
	$(UV_COMPILE) --extra dev pyproject.toml -o requirements.lock
	$(UV_COMPILE) -c requirements.lock requirements-build.in -o requirements-build.lock
	$(UV_COMPILE) --group fuzz -o requirements-fuzz.lock
	$(UV_COMPILE) --no-deps --group corpus -o requirements-corpus.lock
	$(UV_COMPILE) -c requirements.lock --extra formats --extra ro-crate --group formats pyproject.toml -o requirements-formats.lock \
		$$(sed -n 's/^\([a-z0-9._-]*\)==.*/--no-emit-package \1/p' requirements.lock)
	$(UV_COMPILE) --group sbom -o requirements-sbom.lock
	$(UV_COMPILE) --no-deps --group slurm -o requirements-slurm.lock
	$(UV_COMPILE) -c requirements.lock --extra dask pyproject.toml -o requirements-dask.lock
	$(UV_COMPILE) -c requirements.lock pyproject.toml -o requirements-image.lock

clean:
	rm -rf .venv .snakemake results build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
