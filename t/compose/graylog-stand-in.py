#!/usr/bin/env python3
"""The part of Graylog's API that compose/graylog.py uses, as Graylog 6.1 documents and implements it: what the server would
refuse is refused here. Prints "port=N"; writes each request to the file.

  graylog-stand-in.py FILE PASSWORD [--late SECONDS]
"""
import base64
import http.server
import json
import re
import sys
import time

INDEXER = "org.graylog2.indexer."
KINDS = {"org.graylog2.inputs.gelf.udp.GELFUDPInput": set(), "org.graylog2.inputs.gelf.tcp.GELFTCPInput": {
    "use_null_delimiter", "max_message_size", "tcp_keepalive", "tls_enable", "tls_cert_file", "tls_key_file", "tls_key_password",
    "tls_client_auth", "tls_client_auth_cert_file"}}
INPUT = {"bind_address", "port", "recv_buffer_size", "number_worker_threads", "override_source", "decompress_size_limit"}


class Refused(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Refused(what)


def only(body, required, optional=()):
    need(isinstance(body, dict), "an object")
    need(set(required) <= set(body), f"missing: {set(required) - set(body)}")
    need(set(body) <= set(required) | set(optional), f"unknown: {set(body) - set(required) - set(optional)}")


class State:
    def __init__(self):
        self.inputs, self.streams, self.searches, self.views = {}, {}, {}, {}
        self.index_sets = [
            {"id": "5f0000000000000000000000", "title": "other", "default": False},
            {"id": "5f0000000000000000000001", "title": "Default index set", "description": "The default", "default": True, "writable": True,
             "index_prefix": "graylog", "shards": 1, "replicas": 0, "can_be_default": True, "index_analyzer": "standard", "creation_date": "2026-01-01T00:00:00Z",
             "index_optimization_max_num_segments": 1, "index_optimization_disabled": False, "field_type_refresh_interval": 5000,
             "index_template_type": None, "use_legacy_rotation": False, "rotation_strategy_class": INDEXER + "rotation.strategies.TimeBasedSizeOptimizingStrategy",
             "rotation_strategy": {"type": INDEXER + "rotation.strategies.TimeBasedSizeOptimizingStrategyConfig"},
             "retention_strategy_class": INDEXER + "retention.strategies.DeletionRetentionStrategy",
             "retention_strategy": {"type": INDEXER + "retention.strategies.DeletionRetentionStrategyConfig", "max_number_of_indices": 20}}]
        self.n = 0

    def new_id(self):
        self.n += 1
        return f"6a{self.n:022x}"

    # ---- inputs ----

    def check_input(self, body):
        only(body, ("title", "type", "global", "configuration"), ("node",))
        need(body["type"] in KINDS, "type of the input")
        need(body["global"] is True or body.get("node"), "global, or a node")
        only(body["configuration"], ("bind_address", "port"), INPUT | KINDS[body["type"]] | {"charset_name"})
        need(type(body["configuration"]["port"]) is int and 0 < body["configuration"]["port"] < 65536, "port")

    def get_system_inputs(self, _):
        return 200, {"inputs": list(self.inputs.values()), "total": len(self.inputs)}

    def save_input(self, key, body):
        self.inputs[key] = {"id": key, "title": body["title"], "type": body["type"], "global": body["global"], "attributes": body["configuration"]}

    def post_system_inputs(self, body):
        self.check_input(body)
        for other in self.inputs.values():
            need(other["type"] != body["type"] or other["attributes"]["port"] != body["configuration"]["port"], "the port is taken")
        key = self.new_id()
        self.save_input(key, body)
        return 201, {"id": key}

    def put_system_inputs_id(self, body, key):
        need(key in self.inputs, "an input that is there")
        self.check_input(body)
        self.save_input(key, body)
        return 201, {"id": key}

    # ---- indices ----

    def get_system_indices_index_sets(self, _):
        return 200, {"total": len(self.index_sets), "index_sets": self.index_sets, "stats": {}}

    def put_system_indices_index_sets_id(self, body, key):
        found = [s for s in self.index_sets if s["id"] == key]
        need(found, "an index set that is there")
        only(body, ("title", "writable", "shards", "replicas", "index_optimization_max_num_segments", "index_optimization_disabled",
                    "field_type_refresh_interval", "use_legacy_rotation", "rotation_strategy_class", "rotation_strategy",
                    "retention_strategy_class", "retention_strategy"), ("description", "data_tiering"))
        need(body["use_legacy_rotation"] is True, "use_legacy_rotation, or the strategies are not looked at")
        need(body["rotation_strategy"]["type"] == body["rotation_strategy_class"] + "Config", "rotation_strategy")
        need(body["retention_strategy"]["type"] == body["retention_strategy_class"] + "Config", "retention_strategy")
        need(type(body["rotation_strategy"].get("max_size")) is int and body["rotation_strategy"]["max_size"] >= 1, "max_size")
        need(type(body["retention_strategy"].get("max_number_of_indices")) is int, "max_number_of_indices")
        found[0].update(body)
        return 200, found[0]

    # ---- streams ----

    def get_streams(self, _):
        return 200, {"total": len(self.streams), "streams": list(self.streams.values())}

    def post_streams(self, body):
        only(body, ("title", "index_set_id"), ("description", "rules", "content_pack", "matching_type", "remove_matches_from_default_stream"))
        need(any(s["id"] == body["index_set_id"] and s.get("writable") for s in self.index_sets), "index_set_id")
        need(body["matching_type"] in ("AND", "OR"), "matching_type")
        for rule in body["rules"]:
            only(rule, ("type", "field", "inverted"), ("value", "description"))
            need(rule["type"] in range(1, 9) and rule["field"] and not rule["field"].startswith("_"), "rule")
        key = self.new_id()
        self.streams[key] = {**body, "id": key, "disabled": True}
        return 201, {"stream_id": key}

    def post_streams_id_resume(self, _, key):
        need(key in self.streams, "a stream that is there")
        self.streams[key]["disabled"] = False
        return 204, None

    # ---- dashboards ----

    def get_dashboards(self, _):
        return 200, {"query": "", "total": len(self.views), "elements": [{"id": v["id"], "title": v["title"]} for v in self.views.values()], "pagination": {}}

    def check_pivots(self, groups):
        for group in groups:
            need(group["type"] in ("values", "time") and isinstance(group["fields"], list) and group["fields"], "group")
            need("limit" in group if group["type"] == "values" else group["interval"]["type"] == "auto", "bounds of a group")

    def post_views_search(self, body):
        only(body, ("id", "queries"), ("parameters",))
        need(re.fullmatch(r"[0-9a-f]{24}", body["id"]) and body["id"] not in self.searches, "id of a search")
        for query in body["queries"]:
            need({"id", "query", "timerange", "search_types"} <= set(query), "query")
            need(query["query"]["type"] == "elasticsearch" and query["timerange"]["type"] in ("relative", "absolute", "keyword"), "query")
            for search in query["search_types"]:
                need(search["type"] == "pivot" and search["series"] and all(s["type"] == "count" for s in search["series"]), "search type")
                need(all(s in self.streams for s in search["streams"]), "streams of a search")
                self.check_pivots(search["row_groups"] + search["column_groups"])
        self.searches[body["id"]] = body
        return 201, body

    def post_views(self, body):
        only(body, ("type", "title", "search_id", "state"), ("id", "summary", "description", "properties", "requires", "owner", "created_at", "favorite"))
        need(body["type"] == "DASHBOARD" and body["search_id"] in self.searches, "a dashboard of a search that is there")
        queries = {q["id"]: q for q in self.searches[body["search_id"]]["queries"]}
        need(set(body["state"]) == set(queries), "a state for each query")
        for key, state in body["state"].items():
            ids = [w["id"] for w in state["widgets"]]
            need(len(ids) == len(set(ids)) > 0 and set(state["positions"]) == set(ids) == set(state["titles"]["widget"]), "widgets, titles and positions")
            known = {s["id"] for s in queries[key]["search_types"]}
            need(set(state["widget_mapping"]) == set(ids) and all(set(s) <= known and s for s in state["widget_mapping"].values()), "widget_mapping")
            for widget in state["widgets"]:
                need(widget["type"] == "aggregation" and widget["config"]["visualization"] in ("bar", "line", "table", "pie", "numeric"), "visualization")
                need(all("fields" in p and "config" in p for p in widget["config"]["row_pivots"] + widget["config"]["column_pivots"]), "pivots")
            for position in state["positions"].values():
                need(position["col"] >= 1 and position["col"] + position["width"] <= 13 and position["row"] >= 1 and position["height"] >= 1, "position")
        key = self.new_id()
        self.views[key] = {**body, "id": key}
        return 200, self.views[key]


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, body):
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def route(self, method, path):
        name = method.lower() + re.sub(r"/[0-9a-f]{24}(?=/|$)", "/id", path).replace("/", "_")
        return getattr(self.server.state, name, None), re.findall(r"/([0-9a-f]{24})(?=/|$)", path)

    def serve(self, method):
        path = self.path.split("?")[0]
        if path == "/api/system/lbstatus":
            is_up = time.monotonic() > self.server.ready
            return self.answer(200 if is_up else 503, b"ALIVE" if is_up else b"DEAD")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.out.write(f"{method} {path}\n")
        if self.headers.get("Authorization") != self.server.auth:
            return self.answer(401, None)
        if method != "GET" and not self.headers.get("X-Requested-By"):
            return self.answer(400, {"type": "ApiError", "message": "CSRF protection header is missing."})
        call, keys = self.route(method, path.removeprefix("/api")) if path.startswith("/api/") else (None, [])
        if not call:
            return self.answer(404, {"type": "ApiError", "message": f"HTTP 404 Not Found: {path}"})
        try:
            return self.answer(*call(json.loads(body) if body else None, *keys))
        except (Refused, KeyError, TypeError, ValueError) as error:
            self.server.out.write(f"refused: {error!r}\n")
            return self.answer(400, {"type": "ApiError", "message": repr(error)})

    def do_GET(self):
        self.serve("GET")

    def do_POST(self):
        self.serve("POST")

    def do_PUT(self):
        self.serve("PUT")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.out = open(sys.argv[1], "a", buffering=1, encoding="utf-8")
server.auth = "Basic " + base64.b64encode(f"admin:{sys.argv[2]}".encode()).decode()
server.ready = time.monotonic() + (float(sys.argv[4]) if "--late" in sys.argv else 0)
server.state = State()
print("port=%d" % server.server_address[1], flush=True)
server.serve_forever()
