/* Lines, and what is made of them. */
#include "loadgen/writer_private.h"

#include <time.h>

void writer_text_add(struct writing *w, const struct message *m)
{
	put_line(w, w->out, m);
	put_str(w, "\n");
}

/* RFC 5424: user.info at the time of the packet. A line of a log has no line feed in it. */
void writer_syslog_add(struct writing *w, const struct message *m)
{
	time_t seconds = (time_t)(w->ts_ms / 1000);
	struct tm tm;
	char time[32];

	gmtime_r(&seconds, &tm);
	strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%S", &tm);
	buf_printf(w->out, "<14>1 %s.%03uZ " WRITER_NAME " " WRITER_NAME " - - - ", time,
		   (unsigned)(w->ts_ms % 1000));
	writer_text_add(w, m);
}

static void put_encoded(struct buf *out, const char *text, size_t len)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)text[i];
		const char escaped[] = { '%', digits[byte >> 4], digits[byte & 15] };

		if (byte && strchr(plain, byte))
			buf_append(out, text + i, 1);
		else if (byte == ' ')
			buf_append(out, "+", 1);
		else
			buf_append(out, escaped, sizeof(escaped));
	}
}

void writer_form_add(struct writing *w, const struct message *m)
{
	put_message_id(w, &w->scratch);
	put_str(w, "id=");
	put_encoded(w->out, w->scratch.data, w->scratch.len);
	put_str(w, "&ts=");
	buf_append(w->out, w->ts_text, w->ts_len);
	put_str(w, "&msg=");
	put_encoded(w->out, m->text, m->len);
}

void writer_journal_add(struct writing *w, const struct message *m)
{
	put_str(w, "__REALTIME_TIMESTAMP=");
	buf_append(w->out, w->ts_text, w->ts_len);
	put_str(w, "000\nPRIORITY=6\nSYSLOG_IDENTIFIER=" WRITER_NAME "\nWEIR_ID=");
	put_message_id(w, w->out);
	put_str(w, "\nMESSAGE=");
	buf_append(w->out, m->text, m->len);
	put_str(w, "\n\n");
}
