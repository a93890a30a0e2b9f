# Every target works on a fresh clone: it first makes .venv from the hash-checked locks.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.run
TESTED := .venv/.test
TOOLS := .venv/.tools
EXTRAS := dask formats generic slurm
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# By default uv links to its cache: an edit in one environment would be in all, past the hashes.
export UV_LINK_MODE := copy

# uv reads where packages come from in its own settings, not in those of pip.
UV = $(BIN)/uv pip
# uv unpacks several packages at once; where it has no wheel, pip installs them. Looked at when used.
PUT = $(if $(shell test -x $(BIN)/uv && echo uv),$(UV) install --python $(BIN)/python,$(BIN)/pip install) \
	--quiet --no-deps --no-build-isolation
INSTALL = $(PUT) --require-hashes

.PHONY: run test test-corpus test-formats test-faults test-slurm test-scale lint format docs lock bench golden fuzz sbom clean
.PHONY: $(EXTRAS)
.DEFAULT_GOAL := run

CORPUS := .venv/corpus

run: $(READY)
	$(BIN)/gmmpipe run

test: lint
	$(BIN)/pytest

# Minutes: kills, full disks, flipped bits; a short form is part of `make test`.
test-faults: $(TESTED)
	$(BIN)/python tests/system/faults/campaign.py

# Some 1,100 tables of well-known packages, read as pandas reads them: minutes.
test-corpus: $(TESTED)
	command -v Rscript > /dev/null || { apt-get update --quiet && \
		apt-get install --quiet --yes r-base-core r-recommended; }
	$(INSTALL) --upgrade --target $(CORPUS) -r requirements-corpus.lock
	GMMPIPE_CORPUS=$(CURDIR)/$(CORPUS) $(BIN)/pytest tests/system/corpus --numprocesses=0

# What needs the libraries of extras (.xlsx, .fits, .sav ..., RO-Crates), which `make test` leaves out.
FORMATS := .venv/formats
test-formats: $(TESTED)
	$(INSTALL) --upgrade --target $(FORMATS) -r requirements-formats.lock
	GMMPIPE_FORMATS=$(CURDIR)/$(FORMATS) $(BIN)/pytest tests/system/extras --numprocesses=0

# A real Slurm on loopback: daemons from Debian, Snakemake's plugin beside the environment.
SLURM := .venv/slurm
test-slurm: $(TESTED)
	command -v slurmctld slurmd sbatch munged > /dev/null || { apt-get update --quiet && \
		apt-get install --quiet --yes slurmctld slurmd slurm-client munge; }
	$(INSTALL) --upgrade --target $(SLURM) -r requirements-slurm.lock -r requirements-generic.lock
	GMMPIPE_SLURM=$(CURDIR)/$(SLURM) $(BIN)/pytest tests/system/slurm --numprocesses=0

# Data past memory and past one machine, with the bits of memory: 4 GB of disk and memory, minutes.
test-scale: dask
	$(BIN)/python benchmarks/scale.py --check --repeats 1
	$(BIN)/python benchmarks/workers.py

lint: $(TESTED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/snakefmt --check Snakefile

format: $(TESTED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile

# The notebooks, executed, the page of tables, and the site in build/site; a warning of Sphinx is an error.
SITE := .venv/docs
docs: run $(TESTED)
	$(BIN)/python docs/notebooks.py
	$(BIN)/python docs/tables_page.py
	$(INSTALL) --upgrade --target $(SITE) -r requirements-docs.lock
	PYTHONPATH=$(SITE) $(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going docs build/site

bench: $(READY)
	$(BIN)/python benchmarks/engine.py

# The pictures that the figures are compared with: look at each in `git diff` before you commit it.
golden: $(TESTED)
	GMMPIPE_RENEW_GOLDEN=1 $(BIN)/pytest tests/figures/test_figure_golden.py

# Minutes of work on the reader of data and on the reader of conf/; finds are kept in build/fuzz/.
FUZZ_SECONDS ?= 600
fuzz: $(TESTED)
	$(INSTALL) -r requirements-fuzz.lock
	for target in reader config; do \
		$(BIN)/python -P tests/system/fuzz/run.py $$target $(FUZZ_SECONDS) || exit 1; done

# What the environment is made of, as CycloneDX; the tool has an environment of its own.
sbom: $(READY)
	$(PYTHON) -m venv build/sbom
	build/sbom/bin/pip install --quiet --require-hashes -r requirements-sbom.lock
	build/sbom/bin/cyclonedx-py environment $(BIN)/python --pyproject pyproject.toml \
		--output-reproducible --output-file build/sbom.cdx.json

# Everything is built here from locked tools (no isolation), so nothing escapes the hashes.
$(TOOLS): requirements-build.lock requirements.lock pyproject.toml
	rm -rf .venv
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gmmpipe needs python >= 3.11; set PYTHON=")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes --only-binary uv -r requirements-build.lock || { \
		echo "uv cannot be installed here; pip installs the packages, which takes longer" >&2; \
		sed '/^uv==/,/[^\\]$$/d' requirements-build.lock > .venv/build.lock; \
		$(BIN)/pip install --quiet --require-hashes -r .venv/build.lock; }
	touch $@

$(READY): $(TOOLS)
	$(INSTALL) -r requirements.lock
	$(PUT) --editable .
	# Kernels and bytecode are made here, side by side, and not by each of the first jobs; -n only plans.
	export PYTHONDONTWRITEBYTECODE=; \
		$(BIN)/python -m gmmpipe.mixture.precompile iterations & compiling=$$!; \
		$(BIN)/python -m gmmpipe.mixture.precompile passes && \
		$(BIN)/python -c 'from gmmpipe.cli.job_server import load; load()' && \
		$(BIN)/gmmpipe run experiment=smoke -- -n > /dev/null && wait $$compiling
	touch $@

$(TESTED): $(READY) requirements-test.lock
	$(INSTALL) -r requirements-test.lock
	touch $@

# The packages of an extra, into .venv.
$(EXTRAS): $(READY)
	$(INSTALL) -r requirements-$@.lock

UV_COMPILE = $(UV) compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate --upgrade
# What requirements.lock has already is left out of the locks beside it.
BESIDE = $(UV_COMPILE) -c requirements.lock $$(sed -n 's/^\([a-z0-9._-]*\)==.*/--no-emit-package \1/p' requirements.lock)
# uv reads groups of a managed project only, which this is not.
GROUPS := build/groups/pyproject.toml
lock: $(READY)
	mkdir -p $(dir $(GROUPS)) && sed '/^managed = false/d' pyproject.toml > $(GROUPS)
	$(UV_COMPILE) --extra pipeline pyproject.toml -o requirements.lock
	$(UV_COMPILE) -c requirements.lock requirements-build.in -o requirements-build.lock
	$(BESIDE) --extra dev pyproject.toml -o requirements-test.lock
	for extra in dask generic slurm; do \
		$(BESIDE) --extra $$extra pyproject.toml -o requirements-$$extra.lock || exit 1; done
	$(BESIDE) --extra formats --extra ro-crate --group $(GROUPS):formats pyproject.toml -o requirements-formats.lock
	$(BESIDE) --extra docs pyproject.toml -o requirements-docs.lock
	$(UV_COMPILE) --group $(GROUPS):fuzz -o requirements-fuzz.lock
	$(UV_COMPILE) --no-deps --group $(GROUPS):corpus -o requirements-corpus.lock
	$(UV_COMPILE) --group $(GROUPS):sbom -o requirements-sbom.lock

clean:
	rm -rf .venv .snakemake results build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
