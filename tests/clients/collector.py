"""A collector of OpenTelemetry on this machine: OTLP over HTTP, read by the official definitions (opentelemetry-proto).

Standard output says the port, then each span that came, as JSON. The first request is answered 503, as by a collector that is
busy, so that whatever is seen was sent again.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

busy = True


def say(what):
    print(json.dumps(what), flush=True)


def value(any_value):
    return getattr(any_value, any_value.WhichOneof("value"))


def attributes(pairs):
    return {pair.key: value(pair.value) for pair in pairs}


def spans(request):
    for of_resource in request.resource_spans:
        for scoped in of_resource.scope_spans:
            for span in scoped.spans:
                yield {
                    "resource": attributes(of_resource.resource.attributes),
                    "scope": scoped.scope.name,
                    "trace": span.trace_id.hex(),
                    "id": span.span_id.hex(),
                    "parent": span.parent_span_id.hex(),
                    "name": span.name,
                    "kind": Span.SpanKind.Name(span.kind),
                    "start": span.start_time_unix_nano,
                    "end": span.end_time_unix_nano,
                    "attributes": attributes(span.attributes),
                    "status": Status.StatusCode.Name(span.status.code),
                    "message": span.status.message,
                    "flags": span.flags,
                }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        global busy
        body = self.rfile.read(int(self.headers["content-length"]))
        request = ExportTraceServiceRequest()
        request.ParseFromString(body)
        again = request.SerializeToString(deterministic=True)
        known = (
            self.path == "/v1/traces"
            and self.headers["content-type"] == "application/x-protobuf"
            and self.headers["x-key"] == "a secret"
            and len(again) == len(body)
        )
        status = 400 if not known else 503 if busy else 200
        if status == 200:
            for span in spans(request):
                say(span)
        busy = False
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(status)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments):
        print(*arguments, file=sys.stderr)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
say({"port": server.server_address[1]})
server.serve_forever()
