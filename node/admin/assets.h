#ifndef WEIR_NODE_ASSETS_H
#define WEIR_NODE_ASSETS_H
/*
 * The files of node/dashboard/, the chart library, docs/runbook.md and node/openapi.yaml, as they
 * were at build; made by cmake/embed_files.cmake.
 */
#include "common/asset.h"

extern const struct asset assets[];
extern const size_t n_assets;

#endif
