# `make` alone lists what there is. Needed: Go, git and make; gcc for `make test` (race detector).

.DEFAULT_GOAL := help
SHELL := /bin/sh

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
TAGS    := nomsgpack
LDFLAGS := -s -w -X main.version=$(VERSION)

# Tools are pinned by a module each, so that go.mod stays the product's own. They are built once
# and again only when their module changes.
TOOLS    := bin/tools
POSTGRES := go run -tags $(TAGS) ./platform/dbtest/pgrun

# Arguments for the program started by run and bench; packages and flags for test.
ARGS     ?=
PACKAGES ?= ./...
FUZZTIME ?= 10s

.PHONY: help
help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: build ## build and start the shop with demo products (data in ./data)
	@exec bin/shop serve --demo $(ARGS)

.PHONY: build
build: ## build bin/shop, static
	@CGO_ENABLED=0 go build -trimpath -tags $(TAGS) -ldflags '$(LDFLAGS)' -o bin/shop ./cmd/shop

# The race detector leaves out SQLite, which is C translated to Go, and the C library below it. They
# work on memory that is not Go's, of which the detector is told and which it then ignores; only their
# own global variables go unwatched. Locks taken there still count: package sync reports them.
RACE := -race -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc=-race=false

# Tests wait for databases more than they compute, hence more of them at once than cores.
.PHONY: test
test: $(TOOLS)/gotestsum ## run every test with the race detector, PostgreSQL included
	@$(POSTGRES) -- $(TOOLS)/gotestsum --format pkgname --format-hide-empty-pkg -- \
		$(RACE) -tags $(TAGS) -parallel 8 -timeout 10m $(ARGS) $(PACKAGES)

.PHONY: bench
bench: build ## measure the shop beside two yardsticks, one table (PostgreSQL with fsync)
	@$(POSTGRES) --fsync -- env CGO_ENABLED=0 go run -tags $(TAGS) ./cmd/shopbench -shop bin/shop $(ARGS)

.PHONY: load
load: ## let customers use the shop at http://localhost:8080 until Ctrl-C
	@CGO_ENABLED=0 go build -tags $(TAGS) -o bin/shopbench ./cmd/shopbench
	@exec bin/shopbench load $(ARGS)

.PHONY: flip-test
flip-test: ## move every module to another process and back while customers buy; kill it; disturb the network
	@$(POSTGRES) -- go test $(RACE) -tags $(TAGS) -timeout 20m -count 1 -v -run 'TestFlips|TestPlacements' ./cmd/shop -flip-requests 400 $(ARGS)

.PHONY: crash-test
crash-test: ## kill processes at random while customers buy, on SQLite, on PostgreSQL and with NATS; then check every book
	@$(POSTGRES) -- go test $(RACE) -tags $(TAGS) -timeout 20m -count 1 -v -run TestCrashes ./cmd/shop -crash-kills 40 $(ARGS)

.PHONY: fuzz
fuzz: ## run every fuzz test for FUZZTIME (10s)
	@.ci/fuzz $(FUZZTIME) $(TAGS)

.PHONY: generate
generate: ## write what is generated: wire_gen.go, docs/openapi.json
	@go tool wire gen ./cmd/shop
	@$(MAKE) --no-print-directory build
	@bin/shop openapi >bin/openapi.json
	@mv bin/openapi.json docs/openapi.json

.PHONY: fmt
fmt: $(TOOLS)/golangci-lint ## format the Go code
	@$(TOOLS)/golangci-lint fmt

.PHONY: verify
verify: build $(TOOLS)/golangci-lint ## fail where checked-in files are not what their sources make
	@.ci/verify

.PHONY: lint
lint: $(addprefix $(TOOLS)/,golangci-lint apilint oasdiff govulncheck) ## check code, API document, API compatibility, known vulnerabilities
	@$(TOOLS)/golangci-lint run
	@.ci/lint-api
	@.ci/vulncheck $(TAGS)

.PHONY: api-release
api-release: build ## make the present API the one that later changes may not break
	@cp docs/openapi.json docs/openapi.released.json
	@grep '^#' .ci/openapi.breaks.txt >bin/openapi.breaks.txt
	@mv bin/openapi.breaks.txt .ci/openapi.breaks.txt

.PHONY: clean
clean: ## remove what was built (not ./data)
	@rm -rf bin

$(TOOLS)/%: .ci/tools/%/go.mod .ci/tools/%/go.sum
	@echo "building $* (once)"
	@mkdir -p $(TOOLS)
	@cd .ci/tools/$* && CGO_ENABLED=0 go build -o ../../../$(TOOLS)/ tool
	@touch $@

# The only tool whose source is here.
$(TOOLS)/apilint: $(wildcard .ci/tools/apilint/*.go)
