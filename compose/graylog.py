#!/usr/bin/env python3
"""Prepares a Graylog for what weir-analyzer sends: inputs for GELF, the size and number of indices, a stream and
a dashboard. It may run again: what is there stays, and what differs is set right.

  GRAYLOG_URL             http://graylog:9000/api
  GRAYLOG_USER            admin
  GRAYLOG_PASSWORD_FILE   a file with the password
  GELF_PORT               12201
  INDEX_MAX_MB            an index is closed when it is larger
  INDEX_MAX_COUNT         indices that are kept
  WAIT_SECONDS            how long to wait for Graylog; 600
"""
import base64
import hashlib
import json
import os
import sys
import time
import urllib.error
import urllib.request

INDEXER = "org.graylog2.indexer."
INPUTS = {
    "Weir GELF UDP": ("org.graylog2.inputs.gelf.udp.GELFUDPInput", {}),
    "Weir GELF TCP": ("org.graylog2.inputs.gelf.tcp.GELFTCPInput", {
        "use_null_delimiter": True, "max_message_size": 2097152, "tcp_keepalive": True, "tls_enable": False, "tls_cert_file": "",
        "tls_key_file": "", "tls_key_password": "", "tls_client_auth": "disabled", "tls_client_auth_cert_file": ""}),
}
STREAM = "Weir"
DASHBOARD = "Weir: messages per analyzer"


class Graylog:
    def __init__(self, url, user, password):
        self.url = url.rstrip("/")
        self.auth = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def call(self, method, path, body=None):
        request = urllib.request.Request(self.url + path, method=method, data=None if body is None else json.dumps(body).encode())
        request.add_header("Authorization", self.auth)
        request.add_header("Accept", "application/json")
        request.add_header("X-Requested-By", "weir")  # Graylog refuses changes without it
        if body is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                data = answer.read()
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{method} {path}: {error.code} {error.read()[:300].decode(errors='replace')}") from None
        return json.loads(data) if data else None

    def wait(self, seconds):
        """Until the server says that it is alive."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                with urllib.request.urlopen(self.url + "/system/lbstatus", timeout=5) as answer:
                    if answer.read().strip() == b"ALIVE":
                        return
                reason = "it is not alive yet"
            except OSError as error:
                reason = error
            if time.monotonic() > deadline:
                raise SystemExit(f"Graylog does not answer at {self.url}: {reason}")
            time.sleep(1)


def say(what):
    print(what, flush=True)


def ensure_inputs(graylog, port):
    there = {i["title"]: i for i in graylog.call("GET", "/system/inputs")["inputs"]}
    for title, (kind, more) in INPUTS.items():
        configuration = {"bind_address": "0.0.0.0", "port": port, "recv_buffer_size": 1048576, "number_worker_threads": 2,
                         "override_source": None, "decompress_size_limit": 8388608, **more}
        wanted = {"title": title, "type": kind, "global": True, "configuration": configuration}
        old = there.get(title)
        if old is None:
            graylog.call("POST", "/system/inputs", wanted)
            say(f"input made: {title} on port {port}")
        elif old["attributes"].get("port") != port:
            graylog.call("PUT", f"/system/inputs/{old['id']}", wanted)
            say(f"input changed: {title} on port {port}")
        else:
            say(f"input is there: {title}")


def ensure_indices(graylog, max_mb, max_count):
    """Of the default index set, whose other settings stay. Returns its id."""
    found = [s for s in graylog.call("GET", "/system/indices/index_sets")["index_sets"] if s["default"]][0]
    wanted = {
        "rotation_strategy_class": INDEXER + "rotation.strategies.SizeBasedRotationStrategy",
        "rotation_strategy": {"type": INDEXER + "rotation.strategies.SizeBasedRotationStrategyConfig", "max_size": max_mb * 1024 * 1024},
        "retention_strategy_class": INDEXER + "retention.strategies.DeletionRetentionStrategy",
        "retention_strategy": {"type": INDEXER + "retention.strategies.DeletionRetentionStrategyConfig", "max_number_of_indices": max_count},
        "use_legacy_rotation": True,
    }
    if all(found.get(name) == value for name, value in wanted.items()):
        say("indices are as they should be")
        return found["id"]
    kept = ("title", "description", "writable", "shards", "replicas", "index_optimization_max_num_segments",
            "index_optimization_disabled", "field_type_refresh_interval")
    graylog.call("PUT", f"/system/indices/index_sets/{found['id']}", {**{name: found[name] for name in kept}, **wanted})
    say(f"indices: closed at {max_mb} MB, {max_count} are kept")
    return found["id"]


def ensure_stream(graylog, index_set):
    """Of all messages that an analyzer sent: Graylog keeps _analyzer without its underscore. Returns its id."""
    for stream in graylog.call("GET", "/streams")["streams"]:
        if stream["title"] == STREAM:
            say(f"stream is there: {STREAM}")
            if stream["disabled"]:
                graylog.call("POST", f"/streams/{stream['id']}/resume")
            return stream["id"]
    rule = {"field": "analyzer", "type": 5, "value": "", "inverted": False, "description": "An analyzer of Weir sent it."}  # 5: presence
    stream = graylog.call("POST", "/streams", {
        "title": STREAM, "description": "What came through Weir.", "rules": [rule], "matching_type": "AND",
        "remove_matches_from_default_stream": False, "index_set_id": index_set})["stream_id"]
    graylog.call("POST", f"/streams/{stream}/resume")
    say(f"stream made: {STREAM}")
    return stream


def object_id(name):
    return hashlib.sha256(name.encode()).hexdigest()[:24]


def uuid(name):
    h = hashlib.sha256(name.encode()).hexdigest()
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-8{h[17:20]}-{h[20:32]}"


def ensure_dashboard(graylog, stream):
    answer = graylog.call("GET", "/dashboards?per_page=500")
    if any(d["title"] == DASHBOARD for d in answer.get("elements", answer.get("views", []))):
        say(f"dashboard is there: {DASHBOARD}")
        return
    search, query = object_id(f"search {stream} {time.time_ns()}"), uuid("query " + stream)
    widgets = {uuid("count"): ("Messages per analyzer", "bar", [pivot("analyzer")], [], 1),
               uuid("time"): ("Messages per analyzer over time", "line", [histogram()], [pivot("analyzer")], 5)}
    graylog.call("POST", "/views/search", {"id": search, "parameters": [], "queries": [{
        "id": query, "query": everything(), "timerange": last_hour(), "filter": None,
        "search_types": [search_type(widget, stream, *axes(w)) for widget, w in widgets.items()]}]})
    graylog.call("POST", "/views", {
        "type": "DASHBOARD", "title": DASHBOARD, "summary": "", "description": "Compare it with the shares that Weir shows.",
        "search_id": search, "properties": [], "requires": {}, "state": {query: {
            "selected_fields": None, "static_message_list_id": None, "formatting": None,
            "titles": {"widget": {widget: w[0] for widget, w in widgets.items()}},
            "widgets": [widget_of(widget, stream, *w) for widget, w in widgets.items()],
            "widget_mapping": {widget: [search_type_id(widget)] for widget in widgets},
            "positions": {widget: {"col": 1, "row": w[4], "height": 4, "width": 12} for widget, w in widgets.items()},
            "display_mode_settings": {"positions": {}}}}})
    say(f"dashboard made: {DASHBOARD}")


def everything():
    return {"type": "elasticsearch", "query_string": ""}


def last_hour():
    return {"type": "relative", "range": 3600}


def pivot(field):
    return {"type": "values", "fields": [field], "config": {"limit": 50}}


def histogram():
    return {"type": "time", "fields": ["timestamp"], "config": {"interval": {"type": "auto", "scaling": 1.0}}}


def axes(widget):
    return [group_of(p) for p in widget[2]], [group_of(p) for p in widget[3]]


def group_of(axis):
    return {"type": axis["type"], "fields": axis["fields"], **axis["config"]}


def search_type_id(widget):
    return uuid("search " + widget)


def search_type(widget, stream, rows, columns):
    return {"type": "pivot", "id": search_type_id(widget), "name": "chart", "timerange": last_hour(), "query": everything(), "streams": [stream],
            "series": [{"type": "count", "id": "count()", "field": None}], "sort": [], "rollup": True, "row_groups": rows, "column_groups": columns}


def widget_of(widget, stream, _title, visualization, rows, columns, _row):
    return {"id": widget, "type": "aggregation", "filter": None, "timerange": last_hour(), "query": everything(), "streams": [stream], "config": {
        "row_pivots": rows, "column_pivots": columns, "series": [{"config": {"name": None}, "function": "count()"}], "sort": [],
        "visualization": visualization, "visualization_config": None, "formatting_settings": None, "rollup": True, "event_annotation": False}}


def number(name, default):
    text = os.environ.get(name) or default
    if not text.isdigit() or int(text) < 1:
        raise SystemExit(f"{name} must be a whole number above 0, and is {text}")
    return int(text)


def main():
    path = os.environ.get("GRAYLOG_PASSWORD_FILE", "/run/weir/graylog-password")
    with open(path, encoding="utf-8") as file:
        password = file.read().rstrip("\n")
    max_mb, max_count, port = number("INDEX_MAX_MB", "1024"), number("INDEX_MAX_COUNT", "20"), number("GELF_PORT", "12201")
    graylog = Graylog(os.environ.get("GRAYLOG_URL", "http://graylog:9000/api"), os.environ.get("GRAYLOG_USER", "admin"), password)
    graylog.wait(number("WAIT_SECONDS", "600"))
    ensure_inputs(graylog, port)
    index_set = ensure_indices(graylog, max_mb, max_count)
    ensure_dashboard(graylog, ensure_stream(graylog, index_set))


if __name__ == "__main__":
    sys.exit(main())
