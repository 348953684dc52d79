FROM golang:1.26 AS build

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
RUN make build BINARY=/securitycenter_exporter SCCTL=/scctl \
    VERSION="${VERSION}" REVISION="${REVISION}" BRANCH="${BRANCH}" \
    BUILD_USER="${BUILD_USER}" BUILD_DATE="${BUILD_DATE}"

FROM scratch

COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /securitycenter_exporter /scctl /

# A number, not a name: Kubernetes' runAsNonRoot cannot check a name, and there is no /etc/passwd here.
USER 65532:65532

# The configuration file, and whatever it names by a relative path, is mounted here as config.yml.
WORKDIR /etc/securitycenter_exporter

EXPOSE 10078

HEALTHCHECK --start-period=10s CMD ["/securitycenter_exporter", "--healthcheck"]

ENTRYPOINT ["/securitycenter_exporter"]
