#include "analyzer/sink/outbox.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"

#define ROW_BYTES 32               /* that a row needs beside its message */
#define GET_MAX_BYTES (512u << 10) /* of messages at once, or one that is larger */

enum statement { PUT, GET, REMOVE, MEASURE, BEGIN, COMMIT, ROLLBACK, STATEMENTS };

static const char *const texts[STATEMENTS] = {
	[PUT] = "INSERT INTO messages (body) VALUES (?1)",
	[GET] = "SELECT id, body FROM messages WHERE id > ?1 ORDER BY id LIMIT ?2",
	[REMOVE] = "DELETE FROM messages WHERE id <= ?1",
	[MEASURE] = "SELECT count(*), coalesce(sum(length(body)), 0) FROM messages WHERE id <= ?1",
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
};

/* Rows of AUTOINCREMENT never get a number again that was given before, even if the table is empty. */
static const char setup[] = "PRAGMA locking_mode = EXCLUSIVE;"
			    "PRAGMA journal_mode = WAL;"
			    "PRAGMA synchronous = NORMAL;"
			    "PRAGMA journal_size_limit = 16777216;"
			    "CREATE TABLE IF NOT EXISTS messages"
			    " (id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL);";

struct outbox {
	sqlite3 *db;                          /* owned */
	sqlite3_stmt *statements[STATEMENTS]; /* owned */
	pthread_mutex_t lock;
	uint64_t max_bytes, n_messages, n_bytes;
};

static int error_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CANTOPEN:
		return -ENOENT;
	case SQLITE_READONLY:
		return -EROFS;
	default:
		return -EIO;
	}
}

static int fail(struct outbox *outbox, const char *what)
{
	int code = sqlite3_errcode(outbox->db);

	log_error("outbox", "the outbox fails", "at=%s reason=%s", what,
		  sqlite3_errmsg(outbox->db));
	return error_of(code);
}

/* Runs a statement that has no rows. */
static int run(struct outbox *outbox, enum statement statement)
{
	int code = sqlite3_step(outbox->statements[statement]);

	if (code != SQLITE_DONE && code != SQLITE_ROW)
		return fail(outbox, texts[statement]);
	sqlite3_reset(outbox->statements[statement]);
	return 0;
}

static int measure(struct outbox *outbox, int64_t last, uint64_t *n_messagesp, uint64_t *n_bytesp)
{
	sqlite3_stmt *statement = outbox->statements[MEASURE];
	int r = 0;

	sqlite3_bind_int64(statement, 1, last);
	if (sqlite3_step(statement) != SQLITE_ROW)
		r = fail(outbox, texts[MEASURE]);
	*n_messagesp = (uint64_t)sqlite3_column_int64(statement, 0);
	*n_bytesp = (uint64_t)sqlite3_column_int64(statement, 1) + *n_messagesp * ROW_BYTES;
	sqlite3_reset(statement);
	return r;
}

static int read_form(struct outbox *outbox, int *formp)
{
	sqlite3_stmt *statement;
	int r = 0;

	if (sqlite3_prepare_v2(outbox->db, "PRAGMA user_version", -1, &statement, NULL) !=
	    SQLITE_OK)
		return fail(outbox, "user_version");
	if (sqlite3_step(statement) == SQLITE_ROW)
		*formp = sqlite3_column_int(statement, 0);
	else
		r = fail(outbox, "user_version");
	sqlite3_finalize(statement);
	return r;
}

static int check_form(struct outbox *outbox, const char *path, int form)
{
	char pragma[64];
	int found = 0, r = read_form(outbox, &found);

	if (r)
		return r;
	if (found != form && outbox->n_messages > 0) {
		log_error("outbox", "the outbox holds messages for another kind of sink",
			  "path=%s messages=%llu", path, (unsigned long long)outbox->n_messages);
		return OUTBOX_E_OTHER;
	}
	snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d", form);
	return sqlite3_exec(outbox->db, pragma, NULL, NULL, NULL) == SQLITE_OK
		       ? 0
		       : fail(outbox, pragma);
}

static int open_database(struct outbox *outbox, const char *path)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

	if (sqlite3_open_v2(path, &outbox->db, flags, NULL) != SQLITE_OK)
		return outbox->db ? fail(outbox, path) : -ENOMEM;
	if (sqlite3_exec(outbox->db, setup, NULL, NULL, NULL) != SQLITE_OK)
		return fail(outbox, path);
	for (int i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(outbox->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
				       &outbox->statements[i], NULL) != SQLITE_OK)
			return fail(outbox, texts[i]);
	return measure(outbox, INT64_MAX, &outbox->n_messages, &outbox->n_bytes);
}

int outbox_open(const char *path, uint64_t max_bytes, int form, struct outbox **outboxp)
{
	struct outbox *outbox = calloc(1, sizeof(*outbox));
	int r;

	if (!outbox)
		return -ENOMEM;
	pthread_mutex_init(&outbox->lock, NULL);
	outbox->max_bytes = max_bytes;
	r = open_database(outbox, path);
	if (r == 0)
		r = check_form(outbox, path, form);
	if (r)
		outbox_close(outbox);
	else
		*outboxp = outbox;
	return r;
}

void outbox_close(struct outbox *outbox)
{
	if (!outbox)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(outbox->statements[i]);
	sqlite3_close(outbox->db);
	pthread_mutex_destroy(&outbox->lock);
	free(outbox);
}

static int put_one(struct outbox *outbox, const char *data, size_t len)
{
	if (sqlite3_bind_blob64(outbox->statements[PUT], 1, data, len, SQLITE_STATIC) != SQLITE_OK)
		return fail(outbox, texts[PUT]);
	return run(outbox, PUT);
}

static int put_all(struct outbox *outbox, const struct items *items)
{
	int r = run(outbox, BEGIN);

	if (r)
		return r;
	for (size_t i = 0; i < items->n && r == 0; i++)
		r = put_one(outbox, items_data(items, i), items->list[i].len);
	if (r == 0)
		r = run(outbox, COMMIT);
	sqlite3_reset(outbox->statements[PUT]);
	sqlite3_reset(outbox->statements[COMMIT]);
	if (r && !sqlite3_get_autocommit(outbox->db) && run(outbox, ROLLBACK))
		log_error("outbox", "cannot roll back");
	return r;
}

int outbox_put(struct outbox *outbox, const struct items *items)
{
	uint64_t n_bytes = items->bytes.len + items->n * ROW_BYTES;
	int r;

	pthread_mutex_lock(&outbox->lock);
	r = outbox->n_bytes + n_bytes > outbox->max_bytes ? OUTBOX_E_FULL : put_all(outbox, items);
	if (r == 0) {
		outbox->n_bytes += n_bytes;
		outbox->n_messages += items->n;
	}
	pthread_mutex_unlock(&outbox->lock);
	return r;
}

static int get_rows(struct outbox *outbox, struct items *items, int64_t *lastp)
{
	sqlite3_stmt *statement = outbox->statements[GET];
	int code, r = 0;

	while (r == 0 && items->bytes.len < GET_MAX_BYTES &&
	       (code = sqlite3_step(statement)) != SQLITE_DONE) {
		if (code != SQLITE_ROW)
			return fail(outbox, texts[GET]);
		*lastp = sqlite3_column_int64(statement, 0);
		buf_append(&items->bytes, sqlite3_column_blob(statement, 1),
			   (size_t)sqlite3_column_bytes(statement, 1));
		r = items_end_one(items);
	}
	return r;
}

int outbox_get(struct outbox *outbox, int64_t after, size_t n, struct items *items, int64_t *lastp)
{
	sqlite3_stmt *statement = outbox->statements[GET];
	int r;

	items_clear(items);
	*lastp = after;
	pthread_mutex_lock(&outbox->lock);
	sqlite3_bind_int64(statement, 1, after);
	sqlite3_bind_int64(statement, 2, (int64_t)n);
	r = get_rows(outbox, items, lastp);
	sqlite3_reset(statement);
	pthread_mutex_unlock(&outbox->lock);
	return r;
}

int outbox_remove(struct outbox *outbox, int64_t last)
{
	uint64_t n_messages, n_bytes;
	int r;

	pthread_mutex_lock(&outbox->lock);
	r = measure(outbox, last, &n_messages, &n_bytes);
	if (r == 0) {
		sqlite3_bind_int64(outbox->statements[REMOVE], 1, last);
		r = run(outbox, REMOVE);
		sqlite3_reset(outbox->statements[REMOVE]);
	}
	if (r == 0) {
		outbox->n_messages -= n_messages;
		outbox->n_bytes -= n_bytes;
	}
	pthread_mutex_unlock(&outbox->lock);
	return r;
}

uint64_t outbox_messages(struct outbox *outbox)
{
	uint64_t n;

	pthread_mutex_lock(&outbox->lock);
	n = outbox->n_messages;
	pthread_mutex_unlock(&outbox->lock);
	return n;
}

uint64_t outbox_bytes(struct outbox *outbox)
{
	uint64_t n;

	pthread_mutex_lock(&outbox->lock);
	n = outbox->n_bytes;
	pthread_mutex_unlock(&outbox->lock);
	return n;
}
