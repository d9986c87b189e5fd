# das-local: targets for users and developers. "make test" needs nothing but
# this checkout: scripts/setup-test installs or names what is missing.

GO ?= go
FUZZTIME ?= 60s
ROUNDS ?= 200
DURATION ?= 30m

# What setup-test installs for the tests, if anything.
export PATH := $(CURDIR)/.cache/python/bin:$(PATH)

.PHONY: build run test unit e2e conformance oracle differential regress versions crash soak lint fuzz bench clean

build:
	@echo "das-local: compiling (PostgreSQL's parser makes the first time take a minute or two)" >&2
	$(GO) build -o bin/das-local ./cmd/das-local

run:
	@echo "das-local: compiling (PostgreSQL's parser makes the first time take a minute or two)" >&2
	$(GO) run ./cmd/das-local up

# What takes long has a short form in it: the targets regress, crash and soak are the
# whole. The soak goes at a fixed rate, for which a fifth of two cores is enough, so
# comparisons whose outcome no load can change are made beside it.
test: setup-test lint unit e2e soak-beside regress-short crash-short conformance

.PHONY: soak-beside
soak-beside: build
	scripts/beside "$(MAKE) soak-short" "$(MAKE) oracle differential"

.PHONY: setup-test
setup-test:
	scripts/setup-test

# Without go test's own vet: lint has all of it. More packages at a time than there
# are processors: their tests wait for servers as much as they compute.
unit:
	$(GO) test -vet=off -race -shuffle=on -p 4 -parallel 16 -timeout 20m $$($(GO) list ./... | grep -v -e "/e2e$$" -e "/e2e/browser$$")

e2e: setup-test
	$(GO) test -vet=off -count=1 -timeout 30m ./e2e/...

# Every command and snippet of README and docs, which is in e2e as well.
.PHONY: docs-test
docs-test: setup-test
	$(GO) test -count=1 -v -run "^(TestDocs|TestTroubleshooting)$$" ./e2e

oracle: setup-test
	$(GO) run ./oracle -check

differential: setup-test
	$(GO) run ./differential -check

regress: setup-test
	$(GO) run ./regress -audit catalog
	$(GO) run ./regress -suites postgresql -audit server -stream async -set shared_preload_libraries=pgaudit

.PHONY: regress-short
regress-short: setup-test
	$(GO) run ./regress -quick -suites postgresql -ways catalog/sync,server/async -set shared_preload_libraries=pgaudit
	$(GO) run ./regress -quick -suites pgx,asyncpg -audit catalog

versions: setup-test
	scripts/versions

conformance: setup-test
	conformance/run

lint:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "gofmt would change these files" >&2; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	shellcheck scripts/* conformance/run
	scripts/check-containers

# The Dockerfile and docker-compose.yml, carried out in chroots. Root, on Debian.
.PHONY: containers
containers:
	scripts/check-containers build

fuzz:
	FUZZTIME=$(FUZZTIME) scripts/fuzz

bench: build
	$(GO) run ./bench -check

crash: build
	$(GO) run ./crash -bin bin/das-local -rounds $(ROUNDS)
	$(GO) run ./crash -bin bin/das-local -rounds $(ROUNDS) -guarantee executed

.PHONY: crash-short
crash-short: build
	$(GO) run ./crash -bin bin/das-local -rounds 10 -lag 5s
	$(GO) run ./crash -bin bin/das-local -faults -rounds 4 -throttle 3s
	$(GO) run ./crash -bin bin/das-local -rounds 10 -guarantee executed

.PHONY: crash-faults
crash-faults: build
	$(GO) run ./crash -bin bin/das-local -faults -rounds 0

soak: build
	$(GO) run ./soak -bin bin/das-local -duration $(DURATION)

.PHONY: soak-short
soak-short: build
	$(GO) run ./soak -bin bin/das-local -duration 5m

clean:
	rm -rf bin .cache
	git clean -qXdf conformance testdata
