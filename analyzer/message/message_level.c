#include "analyzer/message/message_level.h"

#include <string.h>
#include <strings.h>

#define MAX_PRIORITY 191

const char *const message_level_names[MESSAGE_LEVELS] = { "emergency", "alert",   "critical",
							  "error",     "warning", "notice",
							  "info",      "debug" };
const int message_level_otlp[MESSAGE_LEVELS] = { 24, 22, 21, 17, 13, 10, 9, 5 };

static const struct {
	const char *word;
	int level;
} words[] = {
	{ "emerg", 0 },       { "emergency", 0 },
	{ "panic", 0 },       { "alert", 1 },
	{ "crit", 2 },        { "critical", 2 },
	{ "fatal", 2 },       { "dpanic", 2 },
	{ "err", 3 },         { "error", 3 },
	{ "severe", 3 },      { "eror", 3 },
	{ "e", 3 },           { "f", 2 },
	{ "warn", 4 },        { "warning", 4 },
	{ "w", 4 },           { "notice", 5 },
	{ "n", 5 },           { "info", 6 },
	{ "information", 6 }, { "informational", 6 },
	{ "i", 6 },           { "log", 6 },
	{ "http", 6 },        { "debug", 7 },
	{ "dbg", 7 },         { "d", 7 },
	{ "trace", 7 },       { "t", 7 },
	{ "verbose", 7 },     { "silly", 7 },
	{ "fine", 7 },        { "finer", 7 },
	{ "finest", 7 },      { "inf", 6 },
	{ "wrn", 4 },         { "ftl", 2 },
	{ "trc", 7 },         { "vrb", 7 },
};

static int read_otlp(int number, int *levelp)
{
	static const int by_four[] = { 7, 7, 6, 4, 3, 2 };

	if (number < 1 || number > 24)
		return MESSAGE_LEVEL_E_NONE;
	*levelp = by_four[(number - 1) / 4];
	return 0;
}

static int read_any(int number, int *levelp)
{
	static const struct {
		int below, level;
	} tens[] = { { 30, 7 }, { 40, 6 }, { 50, 4 }, { 60, 3 }, { 101, 2 } };

	if (number < MESSAGE_LEVELS) {
		*levelp = number;
		return 0;
	}
	if (number < 10)
		return MESSAGE_LEVEL_E_NONE;
	for (size_t i = 0; i < ARRAY_LEN(tens); i++)
		if (number < tens[i].below) {
			*levelp = tens[i].level;
			return 0;
		}
	return MESSAGE_LEVEL_E_NONE;
}

static int read_number(enum message_scale scale, const char *text, size_t len, int *levelp)
{
	int number = 0;

	if (len > 3)
		return MESSAGE_LEVEL_E_NONE;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return MESSAGE_LEVEL_E_NONE;
		number = number * 10 + (text[i] - '0');
	}
	if (scale == MESSAGE_SCALE_OTLP)
		return read_otlp(number, levelp);
	if (scale == MESSAGE_SCALE_ANY)
		return read_any(number, levelp);
	if (number > MAX_PRIORITY)
		return MESSAGE_LEVEL_E_NONE;
	*levelp = number % MESSAGE_LEVELS;
	return 0;
}

int message_level_read(enum message_scale scale, const char *text, size_t len, int *levelp)
{
	if (len == 0)
		return MESSAGE_LEVEL_E_NONE;
	if (text[0] >= '0' && text[0] <= '9')
		return read_number(scale, text, len, levelp);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i].word) == len && strncasecmp(words[i].word, text, len) == 0) {
			*levelp = words[i].level;
			return 0;
		}
	return MESSAGE_LEVEL_E_NONE;
}
