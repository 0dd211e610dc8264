# Everything that is done with Earshot, from a fresh clone, with Go and Node and nothing else installed: make help.
# Works with the GNU make 3.81 that macOS has. Without make, see "Without make" in CONTRIBUTING.md.

LISTEN ?= 127.0.0.1:8000
DATA   ?= ./data

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
SYSTEMS := linux/amd64 linux/arm64 windows/amd64 windows/arm64 darwin/amd64 darwin/arm64

# Go asks git for the commit, and fails where git cannot say: in a clone that belongs to somebody else.
export GOFLAGS := $(strip $(GOFLAGS) $(shell git rev-parse HEAD >/dev/null 2>&1 || echo -buildvcs=false))

PAGE := $(shell find web -name node_modules -prune -o -path web/dist -prune -o -path web/coverage -prune -o -type f -print 2>/dev/null)

.DEFAULT_GOAL := help

##@ Using it

.PHONY: run
run: build ## Serve on http://127.0.0.1:8000 with the data in ./data (LISTEN=host:port DATA=dir)
	bin/earshot serve --listen $(LISTEN) --data $(DATA)

.PHONY: build
build: bin/page.stamp ## Build the page and the binary: bin/earshot
	@scripts/need-go.sh
	CGO_ENABLED=0 go build -trimpath -ldflags "$(LDFLAGS)" -o bin/earshot ./cmd/earshot

##@ Working on it

.PHONY: test
test: go-test web-test e2e ## Run every test there is, the browser ones included, installing what they need

.PHONY: check
check: tools node ## Run exactly what CI runs: form, lint, types, house rules, all tests, cross-builds
	@scripts/check.sh

.PHONY: generate
generate: tools ## Write the generated files anew (the page's types of the protocol)
	scripts/generated.sh

.PHONY: fmt
fmt: tools node ## Format Go (gofumpt, gci), TypeScript and Svelte (prettier)
	bin/tools/golangci-lint fmt
	npm run --silent --workspace web format
	npm run --silent --workspace e2e format

.PHONY: lint
lint: tools node ## Lint Go (golangci-lint), TypeScript and Svelte (eslint), the OpenAPI file
	bin/tools/golangci-lint run
	npm run --silent --workspace web lint
	npm run --silent --workspace e2e lint
	npm run --silent --workspace e2e openapi

.PHONY: types
types: node ## Check the types of the page and the browser tests (svelte-check, tsc)
	npm run --silent --workspace web check
	npm run --silent --workspace e2e check

.PHONY: go-test
go-test: bin/page.stamp ## Run the Go tests, under the race detector where there is a C compiler
	@scripts/go-test.sh

.PHONY: web-test
web-test: node ## Run the page's unit tests
	npm test --workspace web

.PHONY: dev
dev: node ## Work on the page: it is served as it is now, with every part in every state at /dev/ (needs make run beside it)
	npm run --silent --workspace web dev

.PHONY: e2e
e2e: build bin/dev.stamp ## Run the browser tests against the real server (CHROME=path)
	@chrome=$$(scripts/need-chromium.sh) && CHROME="$$chrome" npm test --workspace e2e

.PHONY: privacy
privacy: bin/page.stamp ## Look for what was said wherever the server could have left it, and show what is found (PRIVACY=-long)
	@scripts/need-go.sh
	go test -count=1 -v -timeout 30m ./e2e/privacy $(PRIVACY)

.PHONY: pictures
pictures: build ## Take the pictures of README and docs from the running program
	@chrome=$$(scripts/need-chromium.sh) && CHROME="$$chrome" npm run --silent --workspace e2e pictures

.PHONY: bench
bench: build ## Measure Earshot beside its peers, and write docs/performance.md and .svg (BENCH="-quick -only floor,earshot")
	@bench/need.sh
	cd bench && CGO_ENABLED=0 go build -trimpath -o ../bin/bench/ ./cmd/...
	cd bench && ../bin/bench/bench -earshot ../bin/earshot -bin ../bin/bench -peers peers -json ../bin/bench/outcomes.json \
		$(if $(BENCH),,-docs ../docs) $(BENCH)
	$(if $(BENCH),,$(MAKE) --no-print-directory bench-page)

.PHONY: bench-page
bench-page: build ## Measure the page while messages pour in (EARSHOT_SPEED_SECONDS=10 EARSHOT_SPEED_HEAP=1800)
	@chrome=$$(scripts/need-chromium.sh) && CHROME="$$chrome" npm run --silent --workspace e2e speed

.PHONY: faults
faults: bin/page.stamp ## Put a bad network between 200 clients and a server that is killed and upgraded (FAULTS="-for 10m")
	go test ./e2e/faults -run Faults -count=1 -v -timeout 2h -args -for 3m -clients 200 -rooms 20 -every 2s -upgrade 20s -kill 50s $(FAULTS)

.PHONY: trial
trial: build ## Try endurance: hold, soak, slow, storm, 25 minutes in all (TRIAL="-for 1h soak")
	cd bench && CGO_ENABLED=0 go build -trimpath -o ../bin/bench/ ./cmd/trial
	cd bench && ../bin/bench/trial -earshot ../bin/earshot $(TRIAL)

.PHONY: bench-go
bench-go: bin/page.stamp ## Run the benchmarks of the Go code
	go test -run '^$$' -bench . -benchmem ./...

.PHONY: vuln
vuln: tools bin/page.stamp ## Look for known vulnerabilities (govulncheck), where its database can be reached
	@scripts/vuln.sh

##@ Handing it out

.PHONY: release
release: bin/page.stamp ## Build for Linux, Windows and macOS, on amd64 and arm64, with checksums: release/
	@scripts/need-go.sh
	rm -rf release
	scripts/cross.sh release $(VERSION) $(SYSTEMS)
	scripts/sums.sh release

.PHONY: clean
clean: ## Remove what was built and installed here; the data stays
	rm -rf bin release node_modules web/node_modules e2e/node_modules e2e/out bench/peers/socketio/node_modules coverage.out
	find web/dist -mindepth 1 ! -name .gitkeep -delete

.PHONY: help
help: ## Explain the targets
	@awk 'BEGIN { FS = ":.*## "; print "make TARGET" } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' Makefile

# What the targets above stand on. A stamp is newer than what it was made of, and so nothing is done twice.

.PHONY: node
node: node_modules/.stamp

node_modules/.stamp: package-lock.json package.json web/package.json e2e/package.json
	@scripts/need-node.sh
	npm ci
	@touch $@

bin/page.stamp: node_modules/.stamp $(PAGE)
	npm run --silent --workspace web build
	@mkdir -p bin && touch $@

# The page of all parts, which no release has: the browser tests look at it.
bin/dev.stamp: node_modules/.stamp $(PAGE)
	npm run --silent --workspace web build-dev
	@touch $@

.PHONY: tools
tools: bin/tools/.stamp

bin/tools/.stamp: tools/go.mod tools/go.sum
	@scripts/need-go.sh
	@mkdir -p bin/tools
	cd tools && CGO_ENABLED=0 go build -o ../bin/tools/ tool
	@touch $@
