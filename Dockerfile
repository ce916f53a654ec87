# The service in one image. Build: docker build -t provenn .   Run: see compose.yaml and docs/runbook.md.
FROM rust:1.95.0-bookworm AS build
WORKDIR /source
COPY . .
# For the verifier that the service's page runs in browsers.
RUN rustup target add wasm32-unknown-unknown
RUN cargo build --release --locked -p provenn-service

FROM debian:12.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
    && useradd --system --no-create-home --home-dir /data --shell /usr/sbin/nologin provenn \
    && install -d -m 0700 -o provenn /data /srs
COPY --from=build /source/target/release/provenn /usr/local/bin/provenn
USER provenn
ENV PROVENN_DATA=/data PROVENN_LISTEN=0.0.0.0:8080 PROVENN_LOG_FORMAT=json
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["provenn"]
CMD ["serve"]
