"""A receiver of OTLP: `receiver.py grpc|http [CERTIFICATE KEY]`, over TLS with the latter two.

It prints the port that it listens on, then a line of JSON for each resource, span and metric. What reads the wire is gRPC's and
Python's own: it shares nothing with what sends.
"""

import ssl
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2_grpc as metrics_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as traces_grpc

printing = threading.Lock()


def say(line):
    with printing:
        print(line, flush=True)


def take(request):
    for resource in getattr(request, "resource_spans", None) or getattr(request, "resource_metrics", []):
        say(MessageToJson(resource.resource, indent=None))
        for scope in getattr(resource, "scope_spans", None) or getattr(resource, "scope_metrics", []):
            for one in getattr(scope, "spans", None) or getattr(scope, "metrics", []):
                say(MessageToJson(one, indent=None))


class Traces(traces_grpc.TraceServiceServicer):
    def Export(self, request, context):
        take(request)
        return traces.ExportTraceServiceResponse()


class Metrics(metrics_grpc.MetricsServiceServicer):
    def Export(self, request, context):
        take(request)
        return metrics.ExportMetricsServiceResponse()


class Http(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    requests = {"/v1/traces": traces.ExportTraceServiceRequest, "/v1/metrics": metrics.ExportMetricsServiceRequest}

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        take(self.requests[self.path].FromString(body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *ignored):
        pass


def read(path):
    with open(path, "rb") as file:
        return file.read()


protocol, *tls = sys.argv[1:]
if protocol == "grpc":
    server = grpc.server(ThreadPoolExecutor(4))
    traces_grpc.add_TraceServiceServicer_to_server(Traces(), server)
    metrics_grpc.add_MetricsServiceServicer_to_server(Metrics(), server)
    if tls:
        certificate, key = map(read, tls)
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(key, certificate)]))
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    say(port)
    server.wait_for_termination()
else:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Http)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    say(server.server_port)
    server.serve_forever()
