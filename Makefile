# Two commands do everything:
#   make demo   installs into .venv, builds the demo site into dist/ and serves it
#               (PICTURES=~/Pictures builds your own folder instead; SERVE=0 only builds)
#   make test   installs what the tests need and runs all of them
# `make test-openclip` runs the tests that also need torch (a download of about a gigabyte)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := .cache/demo
SERVE ?= 1
WEB_SOURCES := $(shell find web_assets/src web_assets/build web_assets/licences web_assets/*.json web_assets/*.ts -type f 2>/dev/null)
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo demo-artworks web test lint test-python test-web test-openclip soak screenshots audit lock wheel bench docs clean

demo: $(VENV)/installed $(VENV)/web $(if $(PICTURES),,$(VENV)/map)
ifdef PICTURES
	$(BIN)/imagedb-site build "$(PICTURES)" -o dist
else
	$(BIN)/python demo/prepare.py $(DEMO)
	$(BIN)/imagedb-site build $(DEMO)/pictures -o dist --metadata $(DEMO)/openmoji.jsonl --map \
	  --title "OpenMoji" --description "4,495 open-source emoji drawings, searched by meaning." \
	  --attribution "All drawings by OpenMoji (openmoji.org), CC BY-SA 4.0." \
	  --example "something to drink" --example "feeling sad" --example "winter sports" \
	  --example "red fruit" --example "musical instrument" --example "flag of an island"
endif
ifneq ($(SERVE),0)
	$(BIN)/imagedb-site serve dist
endif

# Records without pictures: Tate's collection data of 2014 (CC0 1.0). ARTWORKS is the table.
ARTWORKS ?= ../shared/data/artworks/artworks.jsonl.gz

demo-artworks: $(VENV)/installed $(VENV)/web
	@test -f "$(ARTWORKS)" || { echo "There is no $(ARTWORKS). Set ARTWORKS to the table of artworks."; exit 1; }
	$(BIN)/imagedb-site build --from table "$(ARTWORKS)" -o dist-artworks --model none --downloads all --licence CC0-1.0 \
	  --title "Tate: 69,202 artworks" \
	  --description "Records of Tate's collection as of 2014, without pictures." \
	  --attribution "Data: Tate, CC0 1.0, https://github.com/tategallery/collection. Tate asks to be named as the source." \
	  --attribution "The data were changed: records were put into one table, and subjects were flattened." \
	  --list-columns artists,date,medium,subjects \
	  --example "Turner sailing boats 1832" --example "medium:graphite castle" \
	  --example "year_from:1800..1850" --example "subjects:castle -subjects:ruin" \
	  --example '"self portrait"' --example 'artists:"William Blake" serpent'
ifneq ($(SERVE),0)
	$(BIN)/imagedb-site serve dist-artworks
endif

# The package itself, with Node and npm from PyPI. The web bundle has its own rule,
# because an editable install is not repeated when a TypeScript file changes.
$(VENV)/installed: pyproject.toml hatch_build.py requirements/build.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --require-hashes -r requirements/build.txt
	IMAGEDB_SITE_SKIP_WEB=1 $(BIN)/pip install -q --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/web-deps: web_assets/package-lock.json $(VENV)/installed
	cd web_assets && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	touch $@

$(VENV)/web: $(WEB_SOURCES) $(VENV)/web-deps
	cd web_assets && npm run build --silent
	touch $@

web: $(VENV)/web

# What makes the map of meaning of the demo.
$(VENV)/map: $(VENV)/installed requirements/map.txt
	$(BIN)/pip install -q --require-hashes -r requirements/map.txt
	touch $@

$(VENV)/dev: $(VENV)/installed requirements/dev.txt
	$(BIN)/pip install -q --require-hashes -r requirements/dev.txt
	touch $@

test: lint test-web test-python

lint: $(VENV)/dev $(VENV)/web-deps
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	cd web_assets && npm run check --silent && npm run lint --silent

test-web: $(VENV)/web-deps
	cd web_assets && npm test --silent

test-python: $(VENV)/dev $(VENV)/web
	$(BIN)/python tests/browser.py
	$(BIN)/python tests/programs.py
	$(BIN)/pytest

$(VENV)/openclip: $(VENV)/dev
	IMAGEDB_SITE_SKIP_WEB=1 $(BIN)/pip install -q -e ".[dev,openclip]"
	touch $@

# The tests that `make test` skips if torch is not installed: exporting models, the torch path of
# builds, and a checkpoint exported, built into a site and searched in the browser.
test-openclip: $(VENV)/openclip $(VENV)/web
	$(BIN)/python tests/browser.py
	$(BIN)/pytest -m openclip

# Kills, damaged bytes, hostile input and hosts, for an hour: prints one JSON object as its last line.
# make soak ARGS="flips --scale 0.1" runs a tenth of one part.
soak: $(VENV)/dev $(VENV)/web
	$(BIN)/python tests/browser.py
	$(BIN)/python tests/programs.py
	PYTHONPATH=$(CURDIR)/tests $(BIN)/python -m soak $(ARGS)

# Pictures of every state of the sites, at four widths, in light and dark, into .cache/screens/pictures; each is checked.
# make screenshots ARGS="--site camera --state detail --width 390", or ARGS=--readme for the picture of the README.
screenshots: $(VENV)/dev $(VENV)/web $(VENV)/map
	$(BIN)/python tests/browser.py
	PYTHONPATH=$(CURDIR)/tests $(BIN)/python -m screens $(ARGS)

# make bench NAME=build prints one JSON object as its last line. Exporting models needs torch.
WITH_TORCH = $(if $(filter packs-ViT-SO400M-14-SigLIP2,$(NAME)-$(ARGS)),,$(filter packs roundtrip,$(NAME)))
bench: $(VENV)/dev $(VENV)/web $(if $(WITH_TORCH),$(VENV)/openclip)
	$(BIN)/python tests/browser.py
	$(BIN)/python benchmarks/$(NAME).py $(ARGS)

$(VENV)/release: $(VENV)/dev requirements/release.txt
	$(BIN)/pip install -q --require-hashes -r requirements/release.txt
	touch $@

# The wheel and its bill of materials (CycloneDX), into wheels/.
wheel: $(VENV)/release $(VENV)/web
	$(BIN)/python release/build_wheel.py wheels

# Known vulnerabilities of the locked packages. Says so if a registry could not be asked.
audit: $(VENV)/release $(VENV)/web-deps
	$(BIN)/python release/audit.py

# Locks the Python packages again; ARGS=--upgrade takes the newest versions.
lock: $(VENV)/release
	$(BIN)/python release/lock.py $(ARGS)

# The reference pages are generated from the code. A test fails if one of them is stale.
docs: $(VENV)/dev $(VENV)/web-deps
	$(BIN)/python docs/generate.py
	cd web_assets && npm run docs --silent

clean:
	rm -rf dist dist.library dist-artworks dist-artworks.library .cache builder/imagedb_site/_web $(VENV)/web
