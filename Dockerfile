# One image with all programs:
#   docker build -t weir . && docker run --rm weir weir-node --help
# The unit tests, which no image waits for:
#   docker build --target test -t weir-test . && docker run --rm weir-test
# BASE is Debian 13; the classic builder and BuildKit both take this file.
ARG BASE=debian:trixie-slim

FROM ${BASE} AS build
WORKDIR /src
COPY packages.txt ./
# redis-server: for the unit tests
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        redis-server $(awk '$1 == "build" { print $2 }' packages.txt)
COPY . .
RUN cmake -S . -B /build -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_C_FLAGS_RELEASE=-O2 -DCMAKE_CXX_FLAGS_RELEASE=-O2 \
 && ninja -C /build weir-node weir-analyzer weir-sidecar weir-loadgen weirctl \
 && install -s -D -t /out /build/bin/weir-node /build/bin/weir-analyzer /build/bin/weir-sidecar /build/bin/weir-loadgen /build/bin/weirctl

# The tests are compiled and run by its container, not by a step: the classic builder takes all steps of all stages.
FROM build AS test
CMD ["sh", "-c", "ninja -C /build && exec ctest --test-dir /build --output-on-failure --parallel $(nproc)"]

FROM ${BASE}
# ca-certificates: for analyzers and sinks with https://
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates libcivetweb1 libcjson1 libcurl4t64 libdeflate0 libevent-2.1-7t64 libhiredis1.1.0 libnghttp2-14 libsimdjson25 \
        libsnappy1v5 libsqlite3-0 libssl3t64 libzstd1 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/lib/dpkg/*-old /var/log/* \
 && useradd --uid 10001 --user-group --no-create-home --home-dir / --shell /usr/sbin/nologin weir \
 && install -d -o weir -g weir /var/lib/weir
COPY --from=build /out/ /usr/local/bin/
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="Weir" \
      org.opencontainers.image.description="Divides packets of log messages over analyzers, by weight" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="MIT"
# by number, so that "runAsNonRoot" can be checked
USER 10001:10001
EXPOSE 8080 8081
# of the node; another program brings its own
HEALTHCHECK --interval=5s --timeout=3s --start-period=15s --retries=3 CMD ["weirctl", "health", "http://127.0.0.1:8080/readyz"]
# no entrypoint and no shell between: the program is process 1 and gets the signals
CMD ["weir-node"]
