# das-local without a database server: give it one with --upstream.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN go build -trimpath -ldflags="-s -w" -o /das-local ./cmd/das-local

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates curl \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --no-create-home --uid 10001 das-local
COPY --from=build /das-local /usr/local/bin/das-local
USER 10001
ENV DAS_LOCAL_LISTEN=0.0.0.0:15432 \
    DAS_LOCAL_AWS_LISTEN=0.0.0.0:4566
EXPOSE 15432 4566
HEALTHCHECK --interval=2s --timeout=2s --start-period=5s --retries=15 \
  CMD curl -fsS http://127.0.0.1:4566/_das/health
ENTRYPOINT ["das-local"]
CMD ["up"]
