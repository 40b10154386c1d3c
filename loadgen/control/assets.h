#ifndef WEIR_LOADGEN_CONTROL_ASSETS_H
#define WEIR_LOADGEN_CONTROL_ASSETS_H
/* The files of the emitter's page. */
#include "common/asset.h"

extern const struct asset emitter_assets[];
extern const size_t n_emitter_assets;

#endif
