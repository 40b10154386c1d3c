#ifndef WEIR_NODE_NODE_METRICS_H
#define WEIR_NODE_NODE_METRICS_H
/*
 * Every metric of a node, once. X(id, name, type, labels, scale, help)
 */
#include "common/metrics/metrics.h"
#include "registry/roster.h"

#define BY_NOTHING NULL, NULL, 0, NULL, NULL, 0
#define BY(label, names, n) label, names, n, NULL, NULL, 0
#define BY_PAIR(label, names, label2, names2) label, names, 1, label2, names2, 1
#define BY_PAIR_OF(label, names, n, label2, names2, n2) label, names, n, label2, names2, n2
#define BY_ANALYZER "analyzer", NULL, ROSTER_MAX_SLOTS, NULL, NULL, 0
#define BY_ANALYZER_AND(label, names, n) "analyzer", NULL, ROSTER_MAX_SLOTS, label, names, n

/* clang-format off */
#define NODE_METRICS(X)                                                                                                     \
	X(BUILD_INFO, "weir_build_info", INFO, BY_PAIR("version", version_names, "compiler", compiler_names), 0,            \
	  "Always 1; version and compiler are its labels.")                                                                 \
	X(START, "process_start_time_seconds", GAUGE, BY_NOTHING, 1e-3, "Unix time when the node started.")                 \
	X(CPU, "process_cpu_seconds_total", COUNTER, BY_NOTHING, 1e-6, "CPU time used by all threads, in the kernel too.")  \
	X(RESIDENT, "process_resident_memory_bytes", GAUGE, BY_NOTHING, 0, "Memory that the process occupies.")             \
	X(LOG_DROPPED, "weir_log_lines_dropped_total", COUNTER, BY_NOTHING, 0,                                              \
	  "Log lines that stderr did not take when they were due.")                                                         \
	X(MEMORY_MAX, "weir_memory_max_bytes", GAUGE, BY_NOTHING, 0, "Memory that the process may occupy: memory-max.")     \
	X(SPILL_MAX, "weir_spill_max_bytes", GAUGE, BY_NOTHING, 0, "Bytes that the spill may hold: spill-max-bytes.")       \
	X(CONNECTIONS, "weir_connections", GAUGE, BY_NOTHING, 0, "Agents' connections open now.")                           \
	X(CONNECTIONS_ACCEPTED, "weir_connections_accepted_total", COUNTER, BY_NOTHING, 0,                                  \
	  "Agents' connections accepted.")                                                                                  \
	X(CONNECTIONS_CLOSED, "weir_connections_closed_total", COUNTER, BY("reason", conn_close_names, CLOSE_REASONS), 0,   \
	  "Agents' connections closed, by reason.")                                                                         \
	X(ADMIN_CONNECTIONS, "weir_admin_connections", GAUGE, BY_NOTHING, 0, "Connections to the admin port open now.")     \
	X(ADMIN_CLOSED, "weir_admin_connections_closed_total", COUNTER, BY("reason", front_close_names, FRONT_CLOSES), 0,   \
	  "Connections to the admin port closed, by reason; no_room: another one needed its place.")                        \
	X(TLS_HANDSHAKES, "weir_tls_handshakes_total", COUNTER, BY("result", conn_tls_result_names, CONN_TLS_RESULTS), 0,          \
	  "TLS handshakes with agents, by result; plain: the client did not speak TLS.")                                   \
	X(TLS_EXPIRY, "weir_tls_certificate_expiry_timestamp_seconds", GAUGE, BY("of", node_tls_names, NODE_TLS_PARTS), 0,   \
	  "Unix time at which the first certificate of that part of the node ends; 0: it has none.")                       \
	X(RECEIVED_PACKETS, "weir_received_packets_total", COUNTER, BY_NOTHING, 0, "Valid packets received.")               \
	X(RECEIVED_MESSAGES, "weir_received_messages_total", COUNTER, BY_NOTHING, 0, "Messages in them.")                   \
	X(RECEIVED_BYTES, "weir_received_bytes_total", COUNTER, BY_NOTHING, 0, "Bytes of request bodies.")                  \
	X(FORMAT_PACKETS, "weir_format_packets_total", COUNTER, BY("format", format_names, FORMATS), 0,                     \
	  "Valid packets, by the format in which they came.")                                                               \
	X(FORMAT_MESSAGES, "weir_format_messages_total", COUNTER, BY("format", format_names, FORMATS), 0,                   \
	  "Messages in them.")                                                                                              \
	X(FORMAT_BYTES, "weir_format_bytes_total", COUNTER, BY("format", format_names, FORMATS), 0,                         \
	  "Bytes of their bodies, as they came.")                                                                           \
	X(FORMAT_UNPACKED_BYTES, "weir_format_unpacked_bytes_total", COUNTER, BY("format", format_names, FORMATS), 0,               \
	  "Bytes of the same bodies, unpacked.")                                                               \
	X(LISTEN_PACKETS, "weir_listen_packets_total", COUNTER, BY("listener", listen_port_names, LISTEN_PORTS), 0,          \
	  "Packets made of messages that did not come over HTTP, by the socket at which they came.")                        \
	X(LISTEN_MESSAGES, "weir_listen_messages_total", COUNTER, BY("listener", listen_port_names, LISTEN_PORTS), 0,       \
	  "Messages in them.")                                                                                              \
	X(LISTEN_BYTES, "weir_listen_bytes_total", COUNTER, BY("listener", listen_port_names, LISTEN_PORTS), 0,             \
	  "Bytes read from these sockets.")                                                                                 \
	X(LISTEN_DROPPED, "weir_listen_dropped_messages_total", COUNTER,                                                    \
	  BY_PAIR_OF("listener", listen_port_names, LISTEN_PORTS, "reason", listen_drop_names, LISTEN_DROPS), 0,            \
	  "Messages, or datagrams, that were dropped there, by reason. Nobody is told of it but by this metric and the log.") \
	X(LISTEN_RETRIED, "weir_listen_retried_packets_total", COUNTER, BY("listener", listen_port_names, LISTEN_PORTS), 0, \
	  "Times that a refused packet was tried again. Meanwhile nothing more is read.")                                   \
	X(LISTEN_CONNECTIONS, "weir_listen_connections", GAUGE, BY("listener", listen_port_names, LISTEN_PORTS), 0,         \
	  "Connections open there now.")                                                                                    \
	X(LISTEN_ACCEPTED, "weir_listen_connections_accepted_total", COUNTER,                                               \
	  BY("listener", listen_port_names, LISTEN_PORTS), 0, "Connections accepted there.")                                \
	X(LISTEN_CLOSED, "weir_listen_connections_closed_total", COUNTER, BY("reason", conn_close_names, CLOSE_REASONS), 0, \
	  "Of them, connections closed, by reason.")                                                                        \
	X(LISTEN_HELD, "weir_listen_held_connections", GAUGE, BY_NOTHING, 0,                                                \
	  "Of them, connections that are not read now, because the node can hold no more.")                                 \
	X(LISTEN_HELD_BYTES, "weir_listen_unplaced_bytes", GAUGE, BY_NOTHING, 0,                                            \
	  "Memory that packets from there take whose fate is not known yet.")                                                       \
	X(FORMAT_REFUSALS, "weir_format_refusals_total", COUNTER, BY_PAIR_OF("format", format_names, FORMATS, "reason", refusal_names, REFUSALS), 0, \
	  "Requests refused, by the format that their path or body announces, and by reason. Pairs that never were are left out.") \
	X(TOKEN_REQUESTS, "weir_ingest_token_requests_total", COUNTER, BY("name", NULL, TOKEN_BOOK_SLOTS), 0,             \
	  "Requests with a right token, by its name: ingest-token, or as ingest-tokens calls it.")                          \
	X(ACCEPTED_PACKETS, "weir_accepted_packets_total", COUNTER, BY_NOTHING, 0, "Packets answered with 202.")            \
	X(ACCEPTED_MESSAGES, "weir_accepted_messages_total", COUNTER, BY_NOTHING, 0, "Messages answered with 202.")         \
	X(REFUSED, "weir_refused_requests_total", COUNTER, BY("reason", refusal_names, REFUSALS), 0,                      \
	  "Requests refused, and messages and connections at listeners that are not HTTP, by reason.")                      \
	X(ROUTED_PACKETS, "weir_routed_packets_total", COUNTER, BY_ANALYZER, 0, "Packets given to a lane.")                 \
	X(ROUTED_MESSAGES, "weir_routed_messages_total", COUNTER, BY_ANALYZER, 0, "Messages given to a lane.")              \
	X(DELIVERED_PACKETS, "weir_delivered_packets_total", COUNTER, BY_ANALYZER, 0, "Packets acknowledged by it.")        \
	X(DELIVERED_MESSAGES, "weir_delivered_messages_total", COUNTER, BY_ANALYZER, 0, "Messages acknowledged by it.")     \
	X(BATCHES, "weir_batches_total", COUNTER, BY_ANALYZER, 0, "Deliveries attempted: POSTs sent to it.")                \
	X(BATCHES_FAILED, "weir_batches_failed_total", COUNTER, BY_ANALYZER_AND("reason", delivery_outcome_names, DELIVERY_OUTCOMES), 0, \
	  "Deliveries that did not end with 2xx, by reason.")                                                               \
	X(RESENT_PACKETS, "weir_resent_packets_total", COUNTER, BY_ANALYZER, 0,                                             \
	  "Packets of deliveries that met the close of an idle connection and were sent once more. Some may have come twice.") \
	X(REROUTED_PACKETS, "weir_rerouted_packets_total", COUNTER, BY("reason", reroute_reason_names, REROUTE_REASONS), 0, \
	  "Packets taken back from one analyzer and given to another, by reason.")                                          \
	X(SPILLED_PACKETS, "weir_spilled_packets_total", COUNTER, BY("reason", spill_reason_names, SPILL_REASONS), 0,       \
	  "Packets put into the spill, or left there when the node ended.")                                                 \
	X(SPILLED_MESSAGES, "weir_spilled_messages_total", COUNTER, BY("reason", spill_reason_names, SPILL_REASONS), 0,     \
	  "Messages in them.")                                                                                              \
	X(TAKEN_PACKETS, "weir_spill_taken_packets_total", COUNTER, BY_NOTHING, 0, "Packets taken out of the spill.")       \
	X(TAKEN_MESSAGES, "weir_spill_taken_messages_total", COUNTER, BY_NOTHING, 0, "Messages in them.")                   \
	X(SPILL_CLAIMED_PACKETS, "weir_spill_claimed_packets_total", COUNTER, BY_NOTHING, 0,                                \
	  "Of those, packets that a dead worker had taken before.")                                                         \
	X(HELD_PACKETS, "weir_held_packets_total", COUNTER, BY("reason", held_reason_names, HELD_REASONS), 0,               \
	  "Packets answered 202 from the spill at ack-within, while their delivery goes on. Reason sent: a delivery had begun. "\
	  "Reason queued: none had.")                                                                                       \
	X(HOLD_OBSTACLES, "weir_hold_obstacles_total", COUNTER, BY("reason", hold_obstacle_names, HOLD_OBSTACLES), 0,       \
	  "Times that packets began to wait longer than ack-within because they could not be stored, by reason.")           \
	X(SPILL_HELD_PACKETS, "weir_spill_held_packets", GAUGE, BY_NOTHING, 0,                                              \
	  "Packets that this node has taken out of the spill, or put there at ack-within, and delivers now.")               \
	X(DEAD_PACKETS, "weir_dead_packets_total", COUNTER, BY_NOTHING, 0, "Packets that became dead letters: refused as bad, or poison.") \
	X(SUSPECT_PACKETS, "weir_suspect_packets", GAUGE, BY_NOTHING, 0,                                                    \
	  "Packets whose deliveries failed at analyzers that serve others: they wait, and travel alone.")                   \
	X(POISON_PACKETS, "weir_poison_packets_total", COUNTER, BY_NOTHING, 0,                                              \
	  "Dead letters because deliveries of the packet failed again and again, at analyzers that serve others.")          \
	X(DEAD_MESSAGES, "weir_dead_messages_total", COUNTER, BY_NOTHING, 0, "Messages in them.")                           \
	X(REFUSED_PACKETS, "weir_refused_packets_total", COUNTER, BY_NOTHING, 0,                                            \
	  "Valid packets refused after they had been received (503).")                                                      \
	X(REFUSED_MESSAGES, "weir_refused_messages_total", COUNTER, BY_NOTHING, 0, "Messages in them.")                     \
	X(LOST_PACKETS, "weir_lost_packets_total", COUNTER, BY_NOTHING, 0,                                                  \
	  "Packets answered 202 under ack=received that could not be delivered before the node ended.")                     \
	X(LOST_MESSAGES, "weir_lost_messages_total", COUNTER, BY_NOTHING, 0, "Messages in them.")                           \
	X(IN_FLIGHT_PACKETS, "weir_in_flight_packets", GAUGE, BY_NOTHING, 0, "Packets whose fate is not known yet.")        \
	X(UNACCOUNTED_PACKETS, "weir_unaccounted_packets", GAUGE, BY_NOTHING, 0,                                            \
	  "Received and taken, less delivered, spilled, dead, refused, lost and in flight: 0, or a fault of Weir.")         \
	X(QUEUED_PACKETS, "weir_lane_queued_packets", GAUGE, BY_ANALYZER, 0, "Packets waiting for it.")                     \
	X(FLYING_BATCHES, "weir_lane_flying_batches", GAUGE, BY_ANALYZER, 0, "Deliveries to it under way.")                 \
	X(LANE_LIMIT, "weir_lane_concurrency_limit", GAUGE, BY_ANALYZER, 0,                                                 \
	  "Deliveries to it that may be under way at once, as its answers allow.")                                                   \
	X(PAUSED, "weir_lane_paused_workers", GAUGE, BY_ANALYZER, 0, "Workers that pause because it said 429 or 503.")      \
	X(BREAKERS, "weir_breaker_workers", GAUGE, BY_ANALYZER_AND("state", breaker_state_names, BREAKER_STATES), 0,        \
	  "Workers by the state of their breaker to it.")                                                                   \
	X(BREAKER_FAILURES, "weir_breaker_failures", GAUGE_MAX, BY_ANALYZER, 0,                                             \
	  "Failed deliveries to it in a row, of the worker that has most.")                                                 \
	X(BREAKER_RETRY, "weir_breaker_retry_timestamp_seconds", GAUGE_MAX, BY_ANALYZER, 1e-3,                              \
	  "Unix time when the last of the open breakers to it lets a delivery try; 0: none is open.")                       \
	X(BREAKER_OPENED, "weir_breaker_opened_total", COUNTER, BY_ANALYZER, 0, "Times that a breaker to it opened.")       \
	X(SLOW, "weir_slow_workers", GAUGE, BY_ANALYZER, 0,                                                                 \
	  "Workers that give it less than its share, so that its latency stays below latency-limit.")                       \
	X(HANGS, "weir_hangs_total", COUNTER, BY_ANALYZER, 0,                                                               \
	  "Times that a worker found that it takes deliveries and does not answer, while other analyzers do.")              \
	X(HELD_BYTES, "weir_held_bytes", GAUGE, BY_NOTHING, 0, "Memory that is charged for packets and connections.")     \
	X(WAITING_PACKETS, "weir_waiting_packets", GAUGE, BY_NOTHING, 0,                                                    \
	  "Packets that nobody can take now, on their way into the spill.")                                                 \
	X(PARKED_PACKETS, "weir_parked_packets", GAUGE, BY_NOTHING, 0,                                                      \
	  "Packets out of the spill, or acknowledged already, that wait for somebody to take them.")                        \
	X(ACK_TIME, "weir_ingest_ack_seconds", HISTOGRAM, BY_NOTHING, 0,                                                    \
	  "From the last byte of an agent's packet until its 202 is due, whatever it is for: delivered, spilled, "          \
	  "dead letter or, with ack=received, checked.")                                                                    \
	X(DELIVERY_TIME, "weir_delivery_seconds", HISTOGRAM, BY_ANALYZER, 0,                                                \
	  "From the start of a POST to it until its answer, or failure. Series of analyzers never tried are left out.")     \
	X(REDIS, "weir_redis_up", GAUGE, BY_NOTHING, 0,                                                                     \
	  "1 while the node itself has a link to Redis, by which it sees the pool; workers have their own.")                \
	X(REDIS_STATE, "weir_redis_state", GAUGE, BY("state", redis_state_names, REDIS_STATES), 0,                          \
	  "1 for the state of Redis as this node finds it each second, by writing its report.")                             \
	X(REDIS_UP, "weir_redis_up_workers", GAUGE, BY_NOTHING, 0, "Workers whose link to Redis is up.")                    \
	X(SPILL_REDIS_UP, "weir_spill_redis_up_workers", GAUGE, BY_NOTHING, 0,                                              \
	  "Workers whose link to the Redis of spill and dead letters is up.")                                               \
	X(REDIS_CONNECTS, "weir_redis_connects_total", COUNTER, BY_NOTHING, 0,                                              \
	  "Times that a worker's link to Redis came up, the first included.")                                               \
	X(REDIS_CALLS, "weir_redis_calls_total", COUNTER, BY("script", worker_script_names, 2), 0,                          \
	  "Script calls answered by Redis.")                                                                                \
	X(REDIS_FAILURES, "weir_redis_failures_total", COUNTER, BY_NOTHING, 0, "Script calls without a good answer.")       \
	X(REDIS_TIME, "weir_redis_call_seconds", HISTOGRAM, BY_NOTHING, 0, "Round trips of script calls.")                  \
	X(LOCAL_PACKETS, "weir_routed_without_redis_packets_total", COUNTER, BY_NOTHING, 0,                                 \
	  "Packets that should have been routed by Redis, and were not because it did not answer in time.")                 \
	X(MODE, "weir_workers", GAUGE, BY("mode", router_mode_names, ROUTER_MODES), 0, "Workers by routing mode.")          \
	X(REGISTRY_LOSSES, "weir_registry_losses_total", COUNTER, BY_NOTHING, 0,                                            \
	  "How often this node found that the registry had lost data.")                                                     \
	X(ROSTER_EPOCH, "weir_pool_epoch", GAUGE, BY_NOTHING, 0,                                                            \
	  "Epoch of the pool that this node knows; grows with each change of membership, weight or state.")                 \
	X(ROSTER_AGE, "weir_pool_age_seconds", GAUGE, BY_NOTHING, 1e-3,                                                     \
	  "How long ago Redis told what weir_pool_* and weir_share_* say. Each node tells it of the whole pool: "           \
	  "take the max, not the sum.")                                                                                     \
	X(WEIGHT, "weir_pool_weight", GAUGE, BY_ANALYZER, 1e-9, "Weight of an analyzer, as configured.")                    \
	X(STATE, "weir_pool_analyzer_state", GAUGE, BY_ANALYZER_AND("state", analyzer_state_names, ANALYZER_STATES), 0,     \
	  "1 for the administrative state that it is in.")                                                                  \
	X(HEALTH, "weir_pool_analyzer_health", GAUGE, BY_ANALYZER_AND("health", analyzer_health_names, HEALTHS), 0,         \
	  "1 for how it is: in reach of all workers, out of reach of some, or down.")                                       \
	X(HELD_BACK, "weir_pool_held_back_seconds", GAUGE, BY_ANALYZER, 1e-3,                                               \
	  "How much longer it gets nothing, as it restarts again and again; 0: it is not held back.")                      \
	X(SHARE_TARGET, "weir_share_target_ratio", GAUGE, BY_ANALYZER, 1e-9,                                                \
	  "Part of the messages that it is to get now; 0: none.")                                                           \
	X(SHARE_ACTUAL, "weir_share_actual_ratio", GAUGE, BY_ANALYZER, 1e-9,                                                \
	  "Part of all that was ever routed to the analyzers registered now that it got, whatever the shares were.")        \
	X(SHARE_ERROR, "weir_share_error_messages", GAUGE, BY_ANALYZER, 1e-3,                                               \
	  "Messages that it got beyond its share since the pool began, changes of weights included; negative: it "          \
	  "is owed them. What workers have on lease, some packets each, is not in it.")                                     \
	X(SHARE_ERROR_RATIO, "weir_share_error_ratio", GAUGE, BY_ANALYZER, 1e-12,                                           \
	  "The same, as a part of all messages routed by all nodes since the pool began.")                                  \
	X(POOL_ROUTED, "weir_pool_routed_messages_total", COUNTER, BY_ANALYZER, 0,                                          \
	  "Messages routed to it by all nodes, as settled in Redis.")                                                       \
	X(POOL_DELIVERED, "weir_pool_delivered_messages_total", COUNTER, BY_ANALYZER, 0,                                    \
	  "Messages delivered to it by all nodes, as settled in Redis.")                                                    \
	X(POOL_SPILL_PACKETS, "weir_pool_spill_packets", GAUGE, BY_NOTHING, 0,                                              \
	  "Packets in the spill, those taken and not done included.")                                                       \
	X(POOL_SPILL_MESSAGES, "weir_pool_spill_messages", GAUGE, BY_NOTHING, 0, "Messages in them.")                       \
	X(POOL_SPILL_BYTES, "weir_pool_spill_bytes", GAUGE, BY_NOTHING, 0, "Bytes of their bodies.")                        \
	X(POOL_DEAD, "weir_pool_dead_letters", GAUGE, BY_NOTHING, 0, "Packets among the dead letters.")
/* clang-format on */

enum node_metric {
#define X(id, ...) M_##id,
	NODE_METRICS(X)
#undef X
		NODE_METRICS_N
};

/* NULL: out of memory. */
struct metrics *node_metrics_new(void);

#endif
