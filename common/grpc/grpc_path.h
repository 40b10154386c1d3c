#ifndef WEIR_COMMON_GRPC_PATH_H
#define WEIR_COMMON_GRPC_PATH_H

/* The paths of the calls that nodes and analyzers serve and make. */
#define GRPC_EXPORT_PATH "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
#define GRPC_DELIVER_PATH "/weir.v1.Analyzer/Deliver"
#define GRPC_CHECK_PATH "/grpc.health.v1.Health/Check"
#define GRPC_WATCH_PATH "/grpc.health.v1.Health/Watch"

#endif
