# The images of das-local. scripts/check-containers carries this file out without Docker.
#
#   docker build -t das-local .                                   the program alone, for --upstream
#   docker build -t das-local:postgres --target with-postgres .   with PostgreSQL 15 and pgaudit
#
# The target "postgres" is the server that docker-compose.yml puts behind it.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# Static: PostgreSQL's parser is C, and the image has no C library.
RUN --mount=type=cache,target=/root/.cache/go-build \
    go build -trimpath -tags=netgo,osusergo -ldflags="-s -w -linkmode=external -extldflags=-static" \
      -o /image/usr/local/bin/das-local ./cmd/das-local \
 && mkdir -p /image/etc/ssl/certs /home/das-local \
 && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ \
 && echo "das-local:x:10001:10001::/var/lib/das-local:" >/image/etc/passwd \
 && install -d -m 1777 /image/tmp

FROM postgres:15-bookworm AS postgres
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends postgresql-15-pgaudit \
 && rm -rf /var/lib/apt/lists/*
CMD ["postgres", "-c", "shared_preload_libraries=pgaudit"]

FROM debian:bookworm-slim AS with-postgres
# No cluster of Debian's is made: das-local makes its own.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates postgresql-common \
 && sed -i "s/^#*create_main_cluster.*/create_main_cluster = false/" /etc/postgresql-common/createcluster.conf \
 && apt-get install -y --no-install-recommends postgresql-15 postgresql-15-pgaudit \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --user-group --create-home --home-dir /var/lib/das-local das-local
COPY --from=build /image/usr/local/bin/das-local /usr/local/bin/das-local
USER 10001:10001
ENV HOME=/var/lib/das-local DAS_LOCAL_LISTEN=0.0.0.0:15432 DAS_LOCAL_AWS_LISTEN=0.0.0.0:4566
EXPOSE 15432 4566
HEALTHCHECK --interval=1s --timeout=5s --start-period=60s --retries=10 CMD ["das-local", "health"]
ENTRYPOINT ["das-local"]
CMD ["up"]

FROM scratch AS das-local
COPY --from=build /image/ /
COPY --from=build --chown=10001:10001 /home/das-local /var/lib/das-local
USER 10001:10001
ENV PATH=/usr/local/bin HOME=/var/lib/das-local DAS_LOCAL_LISTEN=0.0.0.0:15432 DAS_LOCAL_AWS_LISTEN=0.0.0.0:4566
EXPOSE 15432 4566
HEALTHCHECK --interval=1s --timeout=5s --start-period=60s --retries=10 CMD ["das-local", "health"]
ENTRYPOINT ["das-local"]
CMD ["up"]
