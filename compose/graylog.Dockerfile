# What prepares Graylog: python3 and a script.
ARG BASE=debian:trixie-slim
FROM ${BASE}
RUN apt-get update && apt-get install -y --no-install-recommends python3-minimal libpython3-stdlib \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
COPY graylog.py /weir/graylog.py
USER 10001:10001
CMD ["python3", "/weir/graylog.py"]
