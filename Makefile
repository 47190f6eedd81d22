# One command for each task. `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin
PEERS := tests/clients/node/node_modules
# Options of the server and of pytest: make run ARGS="--port 9000", make test-py ARGS="-k port"
ARGS ?=
NPM_CI := npm ci --no-audit --no-fund --loglevel=error
# $(call NPM_THERE,18.18): end with a sentence where npm is missing; the argument is the oldest Node.js that works.
NPM_THERE = command -v npm >/dev/null || { echo "npm is not installed; expected Node.js $(1) or newer with npm: on Debian 'apt-get install npm'" >&2; exit 1; }
BENCHMARKS := offline latency compatibility cpu where_it_goes encoding capacity small_machine loop_stall recovery hostile_clients churn page gateway cluster_model soak

.DEFAULT_GOAL := help
.PHONY: help setup run models docs images test test-py test-unit test-fast test-cov test-slow cov test-newest test-newest-beside checks-need slow-needs cov-media cov-unit test-browser test-clients test-wheel test-image test-js lint-js test-media bench-media test-upstream record-offers browser net-programs client-programs image-programs lint fix types schema audit bench wheel element clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(BIN)/.dev client/node_modules/.dev ## virtual environment, browser libraries and the tools of the checks

run: $(BIN)/.product client/node_modules/.installed models/cache/.checked ## the server, in the foreground (Ctrl-C stops it)
	@exec $(BIN)/python server.py $(ARGS)

models: $(BIN)/.product ## fetch the model files that are missing, check every one
	@$(BIN)/python -m facestream models && mkdir -p models/cache && touch models/cache/.checked

# What must be installed comes before, one after the other. The four checks use one core each and are printed as a whole.
test: checks-need ## everything that CI asks for: checks and every test
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint types docs test-js
	@$(MAKE) --no-print-directory test-cov
	@$(MAKE) --no-print-directory slow-needs
	@$(MAKE) --no-print-directory --jobs=2 test-slow test-newest-beside

checks-need: $(BIN)/.dev client/node_modules/.dev

# Tests wait more than they compute, so two files run at once; a file's tests stay together and share their servers. The
# files that watch the live video count as one; so do those about pages and those of the image (tests/processes.py).
AT_ONCE ?= 2
SEVERAL := --numprocesses $(AT_ONCE) --dist loadfile
# Coverage whose floor is that of two runs together.
MEASURED := --cov --cov-report= --cov-fail-under=0
# $(call BESIDE,19,name) COMMAND $(PRINTED): at this priority, and printed as a whole when it ends.
BESIDE = mkdir -p build; log=build/$(2).log; nice -n $(1)
PRINTED = >$$log 2>&1; ended=$$?; cat $$log; exit $$ended
# In the whole run, a few failed tests get a second try and are listed.
PYTEST := $(BIN)/python $(if $(ARGS),-m pytest,scripts/run_tests.py)
SLOW := --ignore=tests/unit --ignore=tests/media

test-py: ## every Python test: unit, media, net, browser, clients, package, image; with ARGS in one process
	@$(if $(ARGS),$(MAKE) --no-print-directory test-slow SLOW=,$(MAKE) --no-print-directory test-cov test-slow)

slow-needs: $(BIN)/.dev client/node_modules/.dev models/cache/.checked test-media browser net-programs client-programs image-programs $(PEERS)/.installed

test-slow: slow-needs ## every Python test but the unit and media tests; those without a browser run beside the others
	$(PYTEST) $(SLOW) $(or $(ARGS),$(SEVERAL))

test-cov: $(BIN)/.dev client/node_modules/.installed models/cache/.checked test-media ## unit and media tests, several at once: no root, no browser; branch coverage with its floor
	$(if $(ARGS),$(PYTEST) tests/unit tests/media $(SEVERAL) $(ARGS),@$(MAKE) --no-print-directory --jobs=2 cov-media cov-unit)
	$(if $(ARGS),,@$(BIN)/python -m coverage combine --quiet build/.coverage-media build/.coverage-unit && $(BIN)/python -m coverage report)

# Servers and peers of the media tests wait for each other; the unit tests compute meanwhile, at a low priority.
cov-media: $(BIN)/.dev client/node_modules/.installed models/cache/.checked test-media
	COVERAGE_FILE=build/.coverage-media $(PYTEST) tests/media $(SEVERAL) $(MEASURED)

cov-unit: $(BIN)/.dev models/cache/.checked test-media
	@$(call BESIDE,10,cov-unit) env COVERAGE_FILE=build/.coverage-unit $(PYTEST) tests/unit $(SEVERAL) $(MEASURED) $(PRINTED)

test-fast: $(BIN)/.dev client/node_modules/.installed models/cache/.checked test-media ## the same in under two minutes: without coverage and the files that tests/kinds.py calls slow
	$(BIN)/python -m pytest tests/unit tests/media -m "not slow and not soak" $(SEVERAL) $(ARGS)

cov: test-cov ## test-cov; then the lines and branches without a test, in build/coverage
	$(BIN)/python -m coverage html --directory build/coverage

test-unit: $(BIN)/.dev models/cache/.checked test-media ## the fast tests only
	PYTHONASYNCIODEBUG=1 $(BIN)/python -m pytest tests/unit $(ARGS)

test-newest: $(BIN)/.dev models/cache/.checked test-media ## the unit tests on the newest Python of this machine, in .venv-newest
	@scripts/test_newest.sh $(or $(ARGS),$(SEVERAL))

# In the time that test-slow leaves: a third of that run waits, and nothing here watches a video. Printed when it ends.
test-newest-beside: $(BIN)/.dev models/cache/.checked test-media
	@$(call BESIDE,19,test-newest) scripts/test_newest.sh $(or $(ARGS),$(SEVERAL)) $(PRINTED)

test-browser: $(BIN)/.dev client/node_modules/.dev models/cache/.checked test-media browser ## the tests that drive Chromium
	$(BIN)/python -m pytest tests/browser $(ARGS)

test-wheel: $(BIN)/.dev client/node_modules/.installed models/cache/.checked test-media browser ## the wheel in a fresh virtual environment, its page in Chromium
	$(BIN)/python -m pytest tests/package $(ARGS)

test-clients: $(BIN)/.dev client/node_modules/.installed models/cache/.checked test-media net-programs client-programs $(PEERS)/.installed ## Firefox, GStreamer and other people's peers against the server
	$(BIN)/python -m pytest tests/clients $(ARGS)

record-offers: $(BIN)/.dev client/node_modules/.installed models/cache/.checked test-media browser net-programs client-programs $(PEERS)/.installed ## tests/data/*_offer.sdp, as the browsers of this machine make them
	$(BIN)/python -m pytest tests/browser/test_offer.py tests/clients/test_firefox.py -k recorded_offer --record-offers

test-image: $(BIN)/.dev client/node_modules/.installed models/cache/.checked test-media net-programs image-programs ## build the container image on a base made here, run it and what compose.yaml runs beside it
	$(BIN)/python -m pytest tests/image $(ARGS)

test-js: client/node_modules/.dev ## the tests of the page's own modules, and their coverage (floor: "c8" in client/package.json)
	cd client && node_modules/.bin/c8 node --test $(patsubst %,../%,$(wildcard tests/js/*.test.mjs))

lint-js: client/node_modules/.dev ## style, types and what a supported browser lacks, of the page only
	cd client && node_modules/.bin/eslint js css && node_modules/.bin/tsc --project .

test-media: $(BIN)/.product ## fetch the test clips and images into build/media
	@$(BIN)/python scripts/fetch_test_media.py

bench-media: $(BIN)/.product ## fetch the further clips that the benchmarks of the analysis use into build/bench-media (npm and PyPI; no test needs them)
	@$(BIN)/python scripts/fetch_test_media.py bench

test-upstream: $(BIN)/.dev ## aiortc's and aioice's own tests, with and without the patches: the same must pass (minutes; not part of test)
	@$(BIN)/python scripts/upstream_tests.py $(ARGS)

browser: ## Chromium and its driver, by apt-get where they are missing and the user is root
	@scripts/ensure_chromium.sh

client-programs: ## Firefox, GStreamer and R for tests/clients, by apt-get where they are missing and the user is root
	@scripts/ensure_client_programs.sh

image-programs: ## podman, runc and debootstrap for the tests of the image, by apt-get where they are missing and the user is root
	@scripts/ensure_image_programs.sh

net-programs: ## coturn, nginx and ip for the network tests, by apt-get where they are missing and the user is root
	@scripts/ensure_net_programs.sh

lint: $(BIN)/.dev client/node_modules/.dev ## style, spelling and what a supported browser lacks, checking only
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/codespell
	cd client && node_modules/.bin/eslint js css

fix: $(BIN)/.dev ## let ruff repair and format what it can
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

types: $(BIN)/.dev client/node_modules/.dev ## mypy and tsc, both strict
	$(BIN)/mypy
	cd client && node_modules/.bin/tsc --project .

audit: $(BIN)/.dev ## known vulnerabilities in the pinned versions (asks PyPI), and secrets in the repository and its history
	@$(BIN)/python scripts/scan_secrets.py --history && $(BIN)/python scripts/audit.py

wheel: $(BIN)/.dev client/node_modules/.installed models/cache/.checked ## build/dist/facestream-*.whl, with the page and the models in it
	@rm -rf build/dist && $(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir build/dist . && ls build/dist/*.whl

element: ## build/dist/facestream-view-*.tgz: the npm package of <facestream-view>
	@$(call NPM_THERE,18.18)
	@mkdir -p build/dist && cd client/package && npm pack --silent --pack-destination ../../build/dist

schema: $(BIN)/.dev ## docs/telemetry.schema.json from the message types, docs/openapi.json from docs/openapi.yaml
	@$(BIN)/python -m scripts.write_schema

images: $(BIN)/.dev client/node_modules/.dev models/cache/.checked test-media browser ## the screenshots in docs/images, in headless Chromium
	$(BIN)/python -m scripts.docs_images $(ARGS)

docs: $(BIN)/.dev ## the documentation as a site in build/site; a warning is an error
	$(BIN)/python -m sphinx -E -q -W --keep-going -c docs/site -d build/site-cache . build/site

bench: $(BIN)/.product models/cache/.checked test-media ## the benchmarks, an hour and a half (ARGS=--quick: minutes); JSON in build/bench
	@for question in $(BENCHMARKS); do $(BIN)/python -m benchmarks.$$question $(ARGS) || exit 1; done

clean: ## remove what the other targets made, but no settings and no certificates
	rm -rf .venv .venv-newest build models/cache client/node_modules $(PEERS) .mypy_cache .ruff_cache .pytest_cache test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: each is remade only when the file it depends on is newer, so a second run takes no network.
$(BIN)/python:
	@scripts/make_venv.sh "$(PYTHON)"

# So that `import facestream` works in any program of this environment.
$(BIN)/.importable: scripts/make_importable.py | $(BIN)/python
	@$(BIN)/python scripts/make_importable.py
	@touch $@

# Order only: an older environment becomes importable without a second installation.
$(BIN)/.product: requirements.txt | $(BIN)/python $(BIN)/.importable
	@echo "installing the Python libraries of requirements.txt (minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@touch $@

$(BIN)/.dev: requirements-dev.txt $(BIN)/.product
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	@touch $@

# What the page loads, for the server. Where the tools of the checks are there, they stay.
client/node_modules/.installed: client/package-lock.json client/package.json
	@$(call NPM_THERE,18.18)
	cd client && $(NPM_CI) $(if $(wildcard client/node_modules/.dev),,--omit=dev)
	@touch $@ $(wildcard client/node_modules/.dev)

# The same and the tools of the checks.
client/node_modules/.dev: client/package-lock.json client/package.json
	@$(call NPM_THERE,18.18)
	cd client && $(NPM_CI)
	@touch client/node_modules/.installed $@

$(PEERS)/.installed: tests/clients/node/package-lock.json tests/clients/node/package.json
	@$(call NPM_THERE,18.20)
	cd tests/clients/node && $(NPM_CI)
	@touch $@

models/cache/.checked: models/manifest.json facestream/analysis/trees/trees.c $(BIN)/.product
	@$(MAKE) --no-print-directory models
