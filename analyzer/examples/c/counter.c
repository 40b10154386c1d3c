/* An analyzer for Weir: registers, takes batches, counts messages, drops duplicates by id, leaves on SIGTERM.
 *	cc -O2 -D_GNU_SOURCE -I. -o counter counter.c -lcurl -lcjson && ./counter ID PORT http://NODE:8081 [WEIGHT]
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <weir_member.h> /* what keeps it in the pool */
#define REMEMBERED 65536 /* ids of packets; a later one takes the place of an earlier one */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the next two lines */
static int n_packets, n_messages, n_duplicates, n_refused;
static char *seen[REMEMBERED];
static volatile sig_atomic_t leaving; static pthread_t thread;
static void on_term(int number) { leaving = number; }
/* What you want to do with a packet. Its status: 2xx it is done, 4xx it can never be, 503 not now. */
static int analyze(const cJSON *packet) {
	const cJSON *messages = cJSON_IsArray(packet) ? packet : cJSON_GetObjectItem(packet, "messages");
	if (cJSON_GetObjectItem(packet, "refuse")) return n_refused++, 422;
	n_messages += cJSON_IsArray(messages) ? cJSON_GetArraySize(messages) : 1;
	return n_packets++, 200;
}
/* A packet may come twice, because deliveries may break after the analyzer has taken them. */
static int take(const cJSON *packet) {
	const char *id = cJSON_GetStringValue(cJSON_GetObjectItem(packet, "id"));
	unsigned place = 5381; for (const char *c = id; c && *c; c++) place = place * 33 + (unsigned char)*c;
	if (id && seen[place %= REMEMBERED] && strcmp(seen[place], id) == 0) return n_duplicates++, 200;
	int status = analyze(packet);
	if (id && status < 300) free(seen[place]), seen[place] = strdup(id);
	return status;
}
/* A status for each packet; or the counts, for GET /health, which nodes probe, and /stats. */
static void write_answer(FILE *out, const cJSON *packets) {
	const cJSON *packet;
	pthread_mutex_lock(&lock);
	fputs(packets ? "{\"results\":[" : "", out);
	cJSON_ArrayForEach(packet, packets)
		fprintf(out, "%s{\"status\":%d}", packet == packets->child ? "" : ",", take(packet));
	if (packets) fputs("]}", out);
	else fprintf(out, "{\"packets\":%d,\"messages\":%d,\"duplicates\":%d,\"refused\":%d}", n_packets, n_messages, n_duplicates, n_refused);
	pthread_mutex_unlock(&lock);
}
/* One connection of a node, with one request after the other. */
static void *serve(void *arg) {
	FILE *in = fdopen((int)(long)arg, "r"), *out = fdopen(dup((int)(long)arg), "w"); char line[1024];
	while (fgets(line, sizeof(line), in)) {
		size_t len = 0, size;
		while (fgets(line, sizeof(line), in) && strcmp(line, "\r\n") != 0)
			if (strncasecmp(line, "Content-Length:", 15) == 0) len = strtoul(line + 15, NULL, 10);
		char *body = calloc(1, len + 1), *text = NULL;
		if (!body || fread(body, 1, len, in) != len) { free(body); break; }
		cJSON *packets = cJSON_Parse(body);
		FILE *answer = open_memstream(&text, &size);
		write_answer(answer, packets), fclose(answer);
		fprintf(out, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", size, text), fflush(out);
		cJSON_Delete(packets), free(text), free(body);
	}
	return fclose(in), fclose(out), NULL;
}
static void *accept_nodes(void *fd) {
	for (long client; (client = accept(*(int *)fd, NULL, NULL)) >= 0; pthread_detach(thread)) pthread_create(&thread, NULL, serve, (void *)client);
	return NULL;
}
int main(int argc, char **argv) {
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(atoi(argv[2])) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), wait_ms = 1;
	char url[64];
	struct weir_member me = { .node = argv[3], .id = argv[1], .url = url, .weight = argc > 4 ? atof(argv[4]) : 1 };
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)); /* for a start right after an end */
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 64)) return perror("listen"), 1;
	signal(SIGPIPE, SIG_IGN), sigaction(SIGTERM, &(struct sigaction){ .sa_handler = on_term }, NULL);
	pthread_create(&(pthread_t){ 0 }, NULL, accept_nodes, &fd);
	snprintf(url, sizeof(url), "http://127.0.0.1:%s/ingest", argv[2]);
	for (; !leaving; usleep(wait_ms * 1000))
		if ((wait_ms = weir_member_beat(&me, n_messages)) < 0) return fputs("another process has the id\n", stderr), 1;
	weir_member_leave(&me, n_messages), sleep(1); /* what is on its way still comes */
	return write_answer(stdout, NULL), puts(""), 0;
}
