# One image with all programs, from the Debian packages:
#   docker build -t weir . && docker run --rm weir weir-node --help
# The unit tests, which no image waits for:
#   docker build --target test -t weir-test . && docker run --rm weir-test
# The packages themselves are in /debs of target "build". What the image consists of: docker run --rm weir dpkg-query --list
# BASE is Debian 13; the classic builder and BuildKit both take this file.
ARG BASE=debian:trixie-slim

FROM ${BASE} AS build
WORKDIR /src
COPY packages.txt ./
# redis-server: for the unit tests
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        redis-server $(awk '$1 == "build" || $1 == "debs" { print $2 }' packages.txt)
COPY . .
# The time of all our files: a second build makes the same layer. That of 0.1.0, unless the build names another one.
ARG SOURCE_DATE_EPOCH=1795910400
RUN scripts/debs.sh /debs && dpkg-deb --field /debs/weir-node_*.deb Depends >/debs/depends \
 && for deb in /debs/weir-analyzer_*.deb /debs/weir-tools_*.deb; do dpkg-deb --field "$deb" Depends >>/debs/depends; done

# The tests are compiled and run by its container, not by a step: the classic builder takes all steps of all stages.
FROM build AS test
CMD ["sh", "-c", "ninja -C build && exec ctest --test-dir build --output-on-failure --parallel $(nproc)"]

# What our packages need, and nothing of ours. ca-certificates: for analyzers and sinks with https://
FROM ${BASE} AS base
COPY --from=build /debs/depends /tmp/
RUN useradd --uid 10001 --user-group --no-create-home --home-dir / --shell /usr/sbin/nologin weir \
 && apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get satisfy -y --no-install-recommends "$(paste -sd, /tmp/depends)" ca-certificates \
 && rm -rf /tmp/depends /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/lib/dpkg/*-old /var/cache/ldconfig /var/log/* \
 && install -d -o weir -g weir /var/lib/weir

# The packages are installed here, and what that changes is the one layer that the image has on top of "base".
FROM base AS files
COPY --from=build /debs/ /debs/
ARG SOURCE_DATE_EPOCH=1795910400
# Another value installs them again, to compare the layers: t/compose/scenes.sh.
ARG REINSTALL=
RUN touch /debs/begin && dpkg --install /debs/*.deb && mkdir /out \
 && rm -rf /var/log/* /var/lib/dpkg/*-old /var/cache/ldconfig \
 && find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /debs -o -path /out -o -path /tmp \) -prune \
        -o ! -type d -newer /debs/begin -print0 -o ! -type d -cnewer /debs/begin -print0 \
    | tar --null --files-from=- --sort=name --create | tar -x -C /out \
 && find /out -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

FROM base
COPY --from=files /out/ /
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
