#ifndef WEIR_LOADGEN_CONTROL_SERVE_H
#define WEIR_LOADGEN_CONTROL_SERVE_H
/* What the control port answers. Nothing here waits for anybody. */
#include "common/front/front_config.h"
#include "loadgen/control/control_config.h"

#define CONTROL_MAX_BODY 1024

/* Answers all but a command that its sender may give. WAY_OTHER: control_command does that, once the
 * body is there. */
enum front_way control_decide(const struct control_config *config, struct front_request *rq);
void control_command(const struct control_config *config, struct front_request *rq);

#endif
