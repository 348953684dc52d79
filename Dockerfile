# The build runs on the builder's own platform and compiles for the image's: no emulation.
# By version: a digest could not be looked up where this was written. Renovate or `docker buildx imagetools inspect` pins one.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build

WORKDIR /src

# Modules change seldom: downloaded in a layer of their own, they are not fetched again for a change of the code.
COPY go.mod go.sum ./
RUN go mod download

COPY . .

# The image has no git history: `make docker` hands the stamp in.
ARG VERSION=devel
ARG REVISION=unknown
ARG BRANCH=unknown
ARG BUILD_USER=docker
ARG BUILD_DATE=unknown
# Set by the builder, for the platform of the image.
ARG TARGETOS
ARG TARGETARCH
ARG TARGETVARIANT
RUN GOOS="${TARGETOS}" GOARCH="${TARGETARCH}" GOARM="${TARGETVARIANT#v}" make build BINARY=/securitycenter_exporter SCCTL=/scctl \
    VERSION="${VERSION}" REVISION="${REVISION}" BRANCH="${BRANCH}" \
    BUILD_USER="${BUILD_USER}" BUILD_DATE="${BUILD_DATE}"
RUN deploy/release/licences /licences
RUN mkdir /state

FROM scratch

COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /securitycenter_exporter /scctl /
COPY --from=build /licences /licences

# Refused logins are kept here, if it is a volume, across restarts. A new one belongs to whom this folder does.
COPY --from=build --chown=65532:65532 /state /var/lib/securitycenter_exporter
ENV STATE_DIRECTORY=/var/lib/securitycenter_exporter

# A number, not a name: Kubernetes' runAsNonRoot cannot check a name, and there is no /etc/passwd here.
USER 65532:65532

# The configuration file, and whatever it names by a relative path, is mounted here as config.yml.
WORKDIR /etc/securitycenter_exporter

EXPOSE 10078

# With TLS or a password of the listener --healthcheck needs the same --web.config.file: override it, as compose and
# Kubernetes can.
HEALTHCHECK --start-period=10s CMD ["/securitycenter_exporter", "--healthcheck"]

ENTRYPOINT ["/securitycenter_exporter"]
