# Images that docker-compose.yml names, made of the same programs from Debian, for machines without a registry.
# As the real ones: users, paths, signals, commands.
ARG BASE=debian:trixie-slim

FROM ${BASE} AS redis
RUN apt-get update && apt-get install -y --no-install-recommends redis-server \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && install -d -o 999 -g 999 /data
VOLUME /data
WORKDIR /data
CMD ["redis-server"]

FROM ${BASE} AS haproxy
RUN apt-get update && apt-get install -y --no-install-recommends haproxy \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
STOPSIGNAL SIGUSR1
USER 99
CMD ["haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]

FROM ${BASE} AS prometheus
RUN apt-get update && apt-get install -y --no-install-recommends prometheus \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && install -d -o 65534 -g 65534 /prometheus
USER 65534
WORKDIR /prometheus
ENTRYPOINT ["/usr/bin/prometheus"]
