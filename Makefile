# Everything that a change needs before it is proposed: make test race lint. Everything at once: make ci.

GO     ?= go
BINARY ?= securitycenter_exporter
SCCTL  ?= scctl

# What --version and securitycenter_exporter_build_info say. The date is the commit's, so that the same commit
# and the same BUILD_USER give the same binary.
VERSION    ?= $(shell git describe --tags --match 'v*' --dirty 2>/dev/null | sed 's/^v//' | grep . || echo devel)
REVISION   ?= $(shell git rev-parse --verify -q HEAD 2>/dev/null || echo unknown)
BRANCH     ?= $(shell git symbolic-ref --short -q HEAD 2>/dev/null || echo detached)
BUILD_USER ?= $(shell id -un)
BUILD_DATE ?= $(shell TZ=UTC git log -1 --date=format-local:%Y%m%d-%H:%M:%S --format=%cd 2>/dev/null | grep . || echo unknown)

# The only place that names the stamped variables: the Dockerfile and CI build through this file.
STAMP   := github.com/prometheus/common/version
LDFLAGS := -s -w \
	-X '$(STAMP).Version=$(VERSION)' \
	-X '$(STAMP).Revision=$(REVISION)' \
	-X '$(STAMP).Branch=$(BRANCH)' \
	-X '$(STAMP).BuildUser=$(BUILD_USER)' \
	-X '$(STAMP).BuildDate=$(BUILD_DATE)'

# Where `make man completions` writes. goreleaser wants dist for itself.
DIST ?= dist

FUZZTIME ?= 30s

.PHONY: build man completions test race lint fuzz bench benchmarks golden performance demo e2e ci docker rules boards packages chart cross licences release

# Static binaries, stamped with their version: the exporter and the command-line tool.
build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "$(LDFLAGS)" -o '$(BINARY)' .
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "$(LDFLAGS)" -o '$(SCCTL)' ./cmd/scctl

# Manual pages of both programs and scripts that make shells complete scctl's, for packages.
man:
	mkdir -p '$(DIST)/man/man1'
	$(GO) run -ldflags "$(LDFLAGS)" . --help-man > '$(DIST)/man/man1/securitycenter_exporter.1'
	$(GO) run -ldflags "$(LDFLAGS)" ./cmd/scctl --help-man > '$(DIST)/man/man1/scctl.1'

completions:
	mkdir -p '$(DIST)/completions'
	$(GO) run ./cmd/scctl completion bash > '$(DIST)/completions/scctl.bash'
	$(GO) run ./cmd/scctl completion zsh > '$(DIST)/completions/_scctl'
	$(GO) run ./cmd/scctl completion fish > '$(DIST)/completions/scctl.fish'

test:
	$(GO) test ./...

race:
	GORACE=atexit_sleep_ms=0 $(GO) test -race ./... # or every program that a test runs sleeps a second at its end

lint:
	golangci-lint run ./...

# Every fuzz target in turn, FUZZTIME each.
fuzz:
	.ci/fuzz $(FUZZTIME)

# What a scrape costs beside other ways of serving it, as tables of ratios.
bench:
	$(GO) -C bench run .

# The benchmarks of the packages.
benchmarks:
	$(GO) test -run '^$$' -bench . -benchmem ./...

# Write the golden files anew from what the code prints now; read the difference before committing it.
golden:
	$(GO) test $$(grep -rl --include='*_test.go' 'flag.Bool("update"' . | xargs -n 1 dirname | sort -u) -update

# Write docs/performance.md anew, from consoles of up to a million hosts and from what bench measures on this machine.
performance:
	$(GO) -C bench run . >bench/measured.md
	$(GO) test -tags exhaustive ./exporter -run TestRequestsAreConstantHoweverManyHostsThereAre -update

demo:
	$(GO) run . --demo

# The binary against a real Prometheus; PROMETHEUS and PROMTOOL name the programs if they are not in PATH.
e2e:
	$(GO) test -count=1 -tags e2e -v ./e2e

ci:
	.ci/run

docker:
	docker build -t securitycenter_exporter:'$(VERSION)' \
		--build-arg VERSION='$(VERSION)' \
		--build-arg REVISION='$(REVISION)' \
		--build-arg BRANCH='$(BRANCH)' \
		--build-arg BUILD_USER='$(BUILD_USER)' \
		--build-arg BUILD_DATE='$(BUILD_DATE)' .

# The rules with runbook_url leading elsewhere, up to the #: to the copy that the exporter has, or to a wiki of yours.
RUNBOOKS ?= https://github.com/securitycenter-exporter/securitycenter_exporter/blob/main/docs/runbooks.md
rules:
	mkdir -p '$(DIST)/rules'
	for file in recording core extended; do \
		sed 's|runbook_url: [^#]*#|runbook_url: $(RUNBOOKS)#|' "alerts/$$file.yml" > "$(DIST)/rules/$$file.yml"; done

# The boards in the form that grafana.com takes.
boards:
	$(GO) run ./dashboards/publish '$(DIST)/boards'

# Debian and RPM packages, of every Linux platform or of PLATFORMS (linux_amd64_v1), by nfpm; NFPM names the program.
packages:
	deploy/release/packages '$(DIST)/packages' $(PLATFORMS)

# The Helm chart, by helm; HELM names the program.
chart:
	deploy/release/chart '$(DIST)'

# What a release consists of; see .goreleaser.yml.
cross:
	deploy/release/cross dist/cross

licences:
	deploy/release/licences THIRD_PARTY

release:
	deploy/release/goreleaser release
