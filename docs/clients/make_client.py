#!/usr/bin/env python3
"""Makes a Python client of an OpenAPI document, such as that of a node's admin port.

    docs/clients/make_client.py node/openapi.yaml >weir_client.py
    docs/clients/make_client.py http://127.0.0.1:8081/v1/openapi.yaml >weir_client.py

Each operation becomes a method. Parameters of the path come first, then the body; the others have their names.
The client needs the standard library alone. This script needs PyYAML (Debian: python3-yaml).
"""
import keyword
import re
import sys
import urllib.request

import yaml

HEAD = '''"""{title}, version {version}. Made by docs/clients/make_client.py: change nothing here."""
import json
import urllib.error
import urllib.parse
import urllib.request


class Refused(Exception):
    """An answer with a status of 400 or more."""

    def __init__(self, status, body):
        self.status = status
        self.body = body  # what the answer held: a dict, if it was JSON
        problem = body if isinstance(body, dict) else {{}}
        super().__init__(f"{{status}} {{problem.get('detail') or problem.get('title') or body}}")


class Client:
    """{summary}"""

    def __init__(self, url={url!r}, token=None, timeout=10):
        self.url = url.rstrip("/")
        self.token = token
        self.timeout = timeout
        self.headers = {{}}  # of the last answer

    def _call(self, method, path, query, headers, body):
        query = {{name: "true" if value is True else "false" if value is False else value for name, value in query.items() if value is not None}}
        url = self.url + path + ("?" + urllib.parse.urlencode(query) if query else "")
        headers = {{"Accept": "application/json, */*;q=0.5", **{{name: value for name, value in headers.items() if value is not None}}}}
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:
                return self._read(answer)
        except urllib.error.HTTPError as error:
            raise Refused(error.code, self._read(error)) from None

    def _read(self, answer):
        self.headers = dict(answer.headers.items())
        text = answer.read().decode()
        return json.loads(text) if "json" in answer.headers.get_content_type() and text else text
'''

METHODS = ("get", "put", "post", "patch", "delete")


def resolve(document, part):
    """What a part is that may refer to another one."""
    while "$ref" in part:
        target = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        part = target
    return part


def snake(name):
    name = re.sub(r"[^0-9A-Za-z]+", "_", re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name)).lower()
    return name + "_" if keyword.iskeyword(name) else name


def method_of(document, path, shared, verb, operation):
    """The source of one method."""
    parameters = [resolve(document, p) for p in shared + operation.get("parameters", [])]
    body = operation.get("requestBody")
    in_path = [p for p in parameters if p["in"] == "path"]
    optional = [p for p in parameters if p["in"] in ("query", "header")]
    arguments = ["self", *(snake(p["name"]) for p in in_path)]
    if body:
        arguments.append("body" if resolve(document, body).get("required") else "body=None")
    arguments += [f"{snake(p['name'])}=None" for p in optional]
    url = re.sub(r"\{([^}]+)\}", lambda m: "{urllib.parse.quote(str(" + snake(m[1]) + "), safe='')}", path)
    pairs = {where: ", ".join(f'"{p["name"]}": {snake(p["name"])}' for p in optional if p["in"] == where) for where in ("query", "header")}
    doc = operation.get("summary", "") + "".join(f"\n\n        {snake(p['name'])}: {p['description']}" for p in in_path + optional if p.get("description"))
    return f'''
    def {snake(operation["operationId"])}({", ".join(arguments)}):
        """{doc}"""
        return self._call("{verb.upper()}", f"{url}", {{{pairs["query"]}}}, {{{pairs["header"]}}}, {"body" if body else "None"})
'''


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    source = sys.argv[1]
    if re.match(r"https?://", source):
        with urllib.request.urlopen(source, timeout=10) as answer:
            document = yaml.safe_load(answer)
    else:
        with open(source, encoding="utf-8") as file:
            document = yaml.safe_load(file)
    info = document["info"]
    servers = document.get("servers") or [{"url": "http://127.0.0.1"}]
    print(HEAD.format(title=info["title"], version=info["version"], summary=info.get("summary", info["title"]), url=servers[0]["url"]), end="")
    for path, item in document["paths"].items():
        for verb in METHODS:
            if verb in item:
                print(method_of(document, path, item.get("parameters", []), verb, item[verb]), end="")


if __name__ == "__main__":
    main()
