# Build: the release of profile `dist`, against the system's libpq, which speaks TLS to PostgreSQL.
FROM rust:1.95-slim-trixie AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libpq-dev pkg-config \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /usr/src/kiennghi
COPY . .
RUN cargo build --locked --profile dist --no-default-features --features system-libpq

# Run: the binary, libpq and the certificate authorities; nothing to build with, no root.
FROM debian:trixie-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates libpq5 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --user-group --home-dir /var/lib/kiennghi --no-create-home --shell /usr/sbin/nologin kiennghi \
 && install --directory --owner=kiennghi --group=kiennghi --mode=0700 /var/lib/kiennghi /var/lib/kiennghi/exports
COPY --from=build /usr/src/kiennghi/target/dist/kiennghi /usr/local/bin/kiennghi
# By number, so that an orchestrator can see that it is not root.
USER 10001:10001
WORKDIR /var/lib/kiennghi
# One container alone keeps its SQLite file, and the secret beside it, on this volume.
ENV DATABASE_URL=sqlite:/var/lib/kiennghi/kiennghi.sqlite
VOLUME /var/lib/kiennghi
EXPOSE 8080
ENTRYPOINT ["kiennghi"]
CMD ["serve", "--listen", "0.0.0.0:8080"]
