#!/usr/bin/python3
"""An analyzer by gRPC's own server and protobuf's own reader. Writes its port, and then each call as a line of JSON.

    analyzer.py docs/analyzer.proto

A packet with "bad" in it is refused alone (422). A call with "busy" in it is refused as a whole, once.
One of OTLP with "partial" in it has one record that is rejected.
"""
import json
import re
import sys
from concurrent import futures

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

Field = descriptor_pb2.FieldDescriptorProto
KINDS = {"bytes": Field.TYPE_BYTES, "uint32": Field.TYPE_UINT32, "string": Field.TYPE_STRING}


def messages_of(path):
    """The classes of a .proto file that has nothing but messages of such fields, and one service."""
    text = re.sub(r"//.*", "", open(path).read())
    package = re.search(r"^package (\S+);", text, re.M).group(1)
    file = descriptor_pb2.FileDescriptorProto(name="analyzer.proto", package=package, syntax="proto3")
    for name, body in re.findall(r"^message (\w+) \{(.*?)^\}", text, re.M | re.S):
        message = file.message_type.add(name=name)
        for repeated, kind, field, number in re.findall(r"(repeated )?(\w+) (\w+) = (\d+);", body):
            label = Field.LABEL_REPEATED if repeated else Field.LABEL_OPTIONAL
            added = message.field.add(name=field, number=int(number), label=label, type=KINDS.get(kind, Field.TYPE_MESSAGE))
            if kind not in KINDS:
                added.type_name = f".{package}.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    make = getattr(message_factory, "GetMessageClass", None) or message_factory.MessageFactory(pool).GetPrototype
    return {m.name: make(pool.FindMessageTypeByName(f"{package}.{m.name}")) for m in file.message_type}


classes = messages_of(sys.argv[1])
was_busy = False


def tell(**what):
    print(json.dumps(what), flush=True)


def deliver(request, context):
    global was_busy
    packets = [{"body": p.body.decode(), "messages": p.messages, "content_type": p.content_type, "format": p.format, "path": p.path} for p in request.packets]
    metadata = dict(context.invocation_metadata())
    tell(call="deliver", packets=packets, n=metadata["weir-packets"], node=metadata["weir-node"], in_time=context.time_remaining() is not None)
    if not was_busy and any("busy" in p["body"] for p in packets):
        was_busy = True
        context.abort(grpc.StatusCode.UNAVAILABLE, "queue is full")
    results = classes["Results"]()
    if any("bad" in p["body"] for p in packets):
        for p in packets:
            bad = "bad" in p["body"]
            results.results.add(status=422 if bad else 200, error="no field" if bad else "")
    return results


def export(request, context):
    tell(call="export", bytes=request.hex())
    return b"\x0a\x0a\x08\x01\x12\x06reason" if b"partial" in request else b""


class Handler(grpc.GenericRpcHandler):
    def service(self, details):
        if details.method == "/weir.v1.Analyzer/Deliver":
            return grpc.unary_unary_rpc_method_handler(deliver, classes["Batch"].FromString, classes["Results"].SerializeToString)
        if details.method == "/opentelemetry.proto.collector.logs.v1.LogsService/Export":
            return grpc.unary_unary_rpc_method_handler(export)
        if details.method == "/grpc.health.v1.Health/Check":
            return grpc.unary_unary_rpc_method_handler(lambda request, context: b"\x08\x01")
        return None


server = grpc.server(futures.ThreadPoolExecutor(8))
server.add_generic_rpc_handlers((Handler(),))
tell(port=server.add_insecure_port("127.0.0.1:0"))
server.start()
server.wait_for_termination()
