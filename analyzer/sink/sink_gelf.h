#ifndef WEIR_ANALYZER_SINK_GELF_H
#define WEIR_ANALYZER_SINK_GELF_H
/* GELF's chunks: 1e 0f, eight bytes that tell messages apart, a number, how many there are. */
#define GELF_DATAGRAM_BYTES 1420 /* payload of UDP that fits through the usual networks */
#define GELF_CHUNK_HEAD_BYTES 12
#define GELF_CHUNK_BYTES (GELF_DATAGRAM_BYTES - GELF_CHUNK_HEAD_BYTES)
#define GELF_MAX_CHUNKS 128

#endif
