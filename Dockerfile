# zenohd with the RocksDB backend, for kioku-mesh. Made by `kioku-mesh zenohd docker`.
# Another version: --build-arg ZENOH_VERSION=… and the digest of its backend for your platform, ROCKSDB_SHA256_….
# ZENOH_IMAGE=eclipse/zenoh:…@sha256:… pins the router too.
ARG ZENOH_VERSION=1.9.0
ARG ZENOH_IMAGE=eclipse/zenoh:${ZENOH_VERSION}

FROM alpine:3 AS backend
ARG ZENOH_VERSION
ARG TARGETARCH
ARG ROCKSDB_SHA256_X86_64=88b13af5ddaadff9ec55c61765db6344666ae38731257877023b07c59a0c4bd1
ARG ROCKSDB_SHA256_AARCH64=298734a4f50dfa12c27337cbafeb7d99949f4f3fda4c330ff6891d39fdd97112
RUN set -eu; \
    case "${TARGETARCH:-$(uname -m)}" in \
        x86_64|amd64) machine=x86_64; digest="$ROCKSDB_SHA256_X86_64" ;; \
        aarch64|arm64) machine=aarch64; digest="$ROCKSDB_SHA256_AARCH64" ;; \
        *) echo "there is no RocksDB backend for ${TARGETARCH:-$(uname -m)}" >&2; exit 1 ;; \
    esac; \
    name="zenoh-backend-rocksdb-$ZENOH_VERSION-$machine-unknown-linux-musl-standalone.zip"; \
    wget -q -O /tmp/backend.zip \
        "https://github.com/eclipse-zenoh/zenoh-backend-rocksdb/releases/download/$ZENOH_VERSION/$name"; \
    echo "$digest  /tmp/backend.zip" | sha256sum -c -; \
    unzip -q -j /tmp/backend.zip -d /backend

FROM ${ZENOH_IMAGE}
COPY --from=backend /backend/libzenoh_backend_rocksdb.so /
VOLUME /data
EXPOSE 7447/tcp
ENTRYPOINT ["/zenohd"]
CMD ["-c", "/etc/zenohd.json5"]
