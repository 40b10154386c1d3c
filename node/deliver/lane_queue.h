#ifndef WEIR_NODE_LANE_QUEUE_H
#define WEIR_NODE_LANE_QUEUE_H
/*
 * The state of a lane: what waits in it, whether it may leave, and how much may wait. lane.h tells
 * how a packet goes through it. Only lane.c, lane_outcome.c and lane_metrics.c look into the
 * struct.
 */
#include "common/metrics/metrics.h"
#include "node/deliver/backlog.h"
#include "node/deliver/batch.h"
#include "node/deliver/breaker.h"
#include "node/deliver/latency_limit.h"
#include "node/deliver/silence.h"
#include "node/packet/packet.h"
#include "node/send/failures.h"
#include "node/send/sender.h"

/* Why a packet is taken back: what became of its delivery, or why it is not delivered. */
enum reroute_reason {
	REROUTE_BUSY, /* as enum delivery_outcome */
	REROUTE_STATUS,
	REROUTE_CONNECT,
	REROUTE_TIMEOUT,
	REROUTE_BROKEN,
	REROUTE_LOOP,         /* its delivery led back to where it had been */
	REROUTE_NO_MEMORY,    /* for its delivery */
	REROUTE_LEFT,         /* the analyzer is not in the roster any more */
	REROUTE_NOT_ELIGIBLE, /* it has no share, and is not draining */
	REROUTE_UNREACHABLE,  /* paused, breaker open, or its health probe fails */
	REROUTE_HANGING,      /* it takes deliveries and does not answer, while others do */
	REROUTE_SLOW,         /* the analyzer has become so slow that it would wait for seconds */
	REROUTE_ENDING,       /* the node ends, and delivers no more */
	REROUTE_REASONS
};
extern const char *const reroute_reason_names[REROUTE_REASONS];

struct lane;

/* What lanes tell their owner. Packets are handed over. */
struct lane_events {
	void (*on_delivered)(void *arg, struct lane *lane, struct packet *p);
	/* n of its messages, which lose their place in it; what is left of it has another fate */
	void (*on_part_delivered)(void *arg, struct lane *lane, uint32_t n_messages);
	/* tried: a delivery with it was begun */
	void (*on_taken_back)(void *arg, struct lane *lane, struct packet *p,
			      enum reroute_reason reason, bool tried);
	void (*on_bad)(void *arg, struct lane *lane, struct packet *p, int status);
	void (*on_reach)(void *arg, struct lane *lane); /* lane_can_take may have changed */
	void (*on_empty)(void *arg,
			 struct lane *lane); /* a retired lane has no batch left: free it */
	void *arg;
};

struct lane_config {
	struct sender *sender;         /* borrowed */
	struct metrics_shard *metrics; /* borrowed */
	struct memory *memory;         /* borrowed; for the JSON forms of packets */
	struct failures *failures;     /* borrowed; NULL: nobody reads them */
	struct batch_origin origin;    /* borrowed */
	uint32_t connect_ms, timeout_ms;
	uint64_t latency_limit_us; /* 0: none */
};

/* What goes beside the queue of a lane: halves of refused batches, and packets that travel alone. */
struct halves {
	struct batch *head, *tail;
	unsigned n_packets;
	size_t n_bytes;
};

struct lane {
	struct lane_config config;
	struct lane_events events;
	char id[ANALYZER_ID_MAX + 1];
	char url[ANALYZER_URL_MAX + 1];
	char instance[INSTANCE_MAX + 1];
	struct buf lines;  /* of headers that it wants with each delivery */
	struct lane *next; /* of those whose analyzers left */
	unsigned slot;     /* SLOT_NONE: it is another's since its analyzer left */
	bool is_eligible;  /* by the roster */
	bool is_shut;      /* neither eligible nor draining */
	bool is_retired;
	bool is_ended; /* the node delivers no more */
	bool probe_is_down;
	bool is_called; /* by gRPC, as its URL says */
	enum analyzer_accepts accepts;
	struct codec_pack *pack; /* of its bodies; NULL: they leave as they are */
	unsigned max_batch_packets;
	size_t max_batch_bytes;
	struct breaker breaker;
	struct { /* what metrics say of it; BREAKER_STATES: nothing */
		enum breaker_state state;
		unsigned n_failures;
		uint64_t open_until_us;
	} shown;
	struct concurrency concurrency;
	struct backlog backlog;
	struct silence silence;
	struct latency_limit latency;
	uint64_t paused_until_us; /* 0: not paused */
	struct packet_queue queue;
	struct halves halves;
	unsigned n_instances; /* that it has had: batches know which one they went to */
	unsigned n_former, n_former_packets; /* under way to former ones: batches, packets */
	unsigned n_flying;                   /* batches to this one, as all of these */
	unsigned n_flying_halves;
	unsigned n_flying_packets;
	unsigned
		n_flying_suspects; /* batches; what they do not bring says nothing of the analyzer */
	uint64_t
		answered_start_us; /* when the delivery was begun that began last of those answered */
	bool is_quick;             /* its last delivery took less than QUICK_US */
};

bool lane_can_take(const struct lane *lane);
/* Out of this worker's reach: what it reports to the registry. A pause is not. */
bool lane_is_unreachable(const struct lane *lane);
/* It takes deliveries and does not answer: out of reach, too. */
bool lane_is_hanging(const struct lane *lane);
/* It gets less than its share, so that its latency stays below the limit. */
bool lane_is_slow(const struct lane *lane);
/* Nothing is held against its analyzer: it serves other packets, as far as is known. */
bool lane_is_well(const struct lane *lane);
/* A packet that travels alone waits here or is under way: it may end the process, and whatever is there then. */
bool lane_has_suspect(const struct lane *lane);
/* Its analyzer could get more, and is not slow. */
bool lane_is_fit(const struct lane *lane);
/* Its breaker is half-open: in reach or not, that is being tried with one batch at a time. */
bool lane_is_on_trial(const struct lane *lane);

/* Deliveries may begin. */
bool lane_may_send(const struct lane *lane);
/* Why deliveries may not begin. */
enum reroute_reason lane_why_not(const struct lane *lane);
/* Where deliveries may not begin any more, whatever the cause, all that is queued is taken back: it
 * would wait for long, and then leave at once. */
void lane_let_go(struct lane *lane);
/* Beside the queue: what is sent next, or last. NULL: there is nothing. */
void lane_put_first(struct lane *lane, struct batch *half);
void lane_put_last(struct lane *lane, struct batch *half);
struct batch *lane_take_half(struct lane *lane);
/* The queue grew or shrank: says on_reach when it became full, or has room again. */
void lane_check_room(struct lane *lane);
/* Sheds the newest packets of a queue of more than twice the bound. Below that, a packet does not
 * change its lane because of an estimate. */
void lane_check_pace(struct lane *lane, uint64_t now_us);
/* Says on_empty when the lane is retired and nothing is left in it. */
void lane_check_empty(struct lane *lane);

#endif
