#ifndef WEIR_LOADGEN_WRITER_PRIVATE_H
#define WEIR_LOADGEN_WRITER_PRIVATE_H
/* What the writers share. For loadgen/writer*.c alone. */
#include "loadgen/writer.h"

#define WRITER_NAME "weir-loadgen"

void put_str(struct writing *w, const char *text);
/* Digits. */
void put_u64(struct buf *out, uint64_t value);
/* "x-17/3": which message of which packet it is. */
void put_message_id(struct writing *w, struct buf *out);
/* The id, a space and the text: a line of a log. */
void put_line(struct writing *w, struct buf *out, const struct message *m);

#define DECLARE_WRITER(name)                                                                       \
	void writer_##name##_begin(struct writing *w);                                             \
	void writer_##name##_add(struct writing *w, const struct message *m);                      \
	void writer_##name##_end(struct writing *w)

void writer_nothing(struct writing *w);
DECLARE_WRITER(json);
void writer_json_lines_add(struct writing *w, const struct message *m);
DECLARE_WRITER(otlp_json);
DECLARE_WRITER(loki_json);
void writer_hec_add(struct writing *w, const struct message *m);
void writer_bulk_add(struct writing *w, const struct message *m);
void writer_gelf_add(struct writing *w, const struct message *m);
DECLARE_WRITER(kafkarest);
void writer_text_add(struct writing *w, const struct message *m);
void writer_syslog_add(struct writing *w, const struct message *m);
void writer_form_add(struct writing *w, const struct message *m);
void writer_journal_add(struct writing *w, const struct message *m);
void writer_msgpack_add(struct writing *w, const struct message *m);
DECLARE_WRITER(otlp_proto);
DECLARE_WRITER(loki_proto);

#endif
