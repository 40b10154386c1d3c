#ifndef WEIR_T_UNIT_NODE_HTTP_CASES_H
#define WEIR_T_UNIT_NODE_HTTP_CASES_H
/*
 * Requests and what the reader makes of them (see http_transcript.h), with a header section of at
 * most MAX_HEAD_BYTES and a body of at most MAX_BODY_BYTES.
 */
#define MAX_HEAD_BYTES 200
#define MAX_BODY_BYTES 32

#define X10 "xxxxxxxxxx"
#define X30 X10 X10 X10
#define X150 X30 X30 X30 X30 X30
#define HOST "Host: h\r\n"
#define GET(fields) "GET / HTTP/1.1\r\n" HOST fields "\r\n"
#define POST(fields) "POST / HTTP/1.1\r\n" HOST fields "\r\n"
#define CHUNKED(body) POST("Transfer-Encoding: chunked\r\n") body
#define IS_GET "GET / 1.1 keep | "
#define IS_CHUNKED "POST / 1.1 keep chunked | "

struct http_case {
	const char *title;
	const char *bytes;
	const char *transcript;
};

/* clang-format off */
static const struct http_case http_cases[] = {
	/* request lines */
	{"a GET is a head and no body", GET(""), IS_GET "done | "},
	{"the query is apart from the path", "GET /a/b?c=d?e HTTP/1.1\r\n" HOST "\r\n",
	 "GET /a/b?c=d?e 1.1 keep | done | "},
	{"an empty query is there", "GET /a? HTTP/1.1\r\n" HOST "\r\n", "GET /a? 1.1 keep | done | "},
	{"absolute-form is cut to the path", "GET http://h:80/a?b HTTP/1.1\r\n" HOST "\r\n",
	 "GET /a?b 1.1 keep | done | "},
	{"absolute-form without a path is /", "GET HTTPS://[::1]?q HTTP/1.1\r\n" HOST "\r\n",
	 "GET /?q 1.1 keep | done | "},
	{"absolute-form needs a host", "GET http:///a HTTP/1.1\r\n" HOST "\r\n", "refused bad_request_line"},
	{"absolute-form has no user", "GET http://u@h/a HTTP/1.1\r\n" HOST "\r\n",
	 "refused bad_request_line"},
	{"absolute-form is for http alone", "GET ftp://h/a HTTP/1.1\r\n" HOST "\r\n",
	 "refused bad_request_line"},
	{"OPTIONS may ask about *", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n",
	 "OPTIONS * 1.1 keep | done | "},
	{"nothing else may", "GET * HTTP/1.1\r\n" HOST "\r\n", "refused bad_request_line"},
	{"a target begins with /", "GET a HTTP/1.1\r\n" HOST "\r\n", "refused bad_request_line"},
	{"authority-form is refused", "CONNECT h:80 HTTP/1.1\r\n" HOST "\r\n", "refused bad_request_line"},
	{"a target is visible ASCII", "GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n", "refused bad_request_line"},
	{"a target has no control characters", "GET /\x7f HTTP/1.1\r\n" HOST "\r\n",
	 "refused bad_request_line"},
	{"all that is visible may be in a target",
	 "GET /!\"#$%&'()*+,-./09:;<=>@AZ[\\]^_`az{|}~ HTTP/1.1\r\n" HOST "\r\n",
	 "GET /!\"#$%&'()*+,-./09:;<=>@AZ[\\]^_`az{|}~ 1.1 keep | done | "},
	{"two spaces are refused", "GET  / HTTP/1.1\r\n" HOST "\r\n", "refused bad_request_line"},
	{"two spaces before the version are refused", "GET /  HTTP/1.1\r\n" HOST "\r\n",
	 "refused bad_request_line"},
	{"a tab is no space", "GET\t/ HTTP/1.1\r\n" HOST "\r\n", "refused bad_request_line"},
	{"a space at the end is refused", "GET / HTTP/1.1 \r\n" HOST "\r\n", "refused bad_request_line"},
	{"a space at the beginning is refused", " GET / HTTP/1.1\r\n" HOST "\r\n",
	 "refused bad_request_line"},
	{"a version is needed", "GET /\r\n" HOST "\r\n", "refused bad_request_line"},
	{"a CR in the request line is refused", "GET /\r HTTP/1.1\r\n" HOST "\r\n",
	 "refused bad_request_line"},
	{"a request line ends with CRLF", "GET / HTTP/1.1\n", "refused bad_request_line"},
	{"a lone LF is no empty line", "\nGET / HTTP/1.1\r\n" HOST "\r\n", "refused bad_request_line"},
	{"two empty lines before it are skipped", "\r\n\r\n" GET(""), IS_GET "done | "},
	{"three are not", "\r\n\r\n\r\n" GET(""), "refused bad_request_line"},
	{"an empty line alone leaves the connection idle", "\r\n", ""},
	{"half an empty line does not", "\r", "more"},

	/* methods and versions */
	{"a body may come with any method", "PUT / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx",
	 "PUT / 1.1 keep length=1 | x | done | "},
	{"DELETE needs no length", "DELETE /a HTTP/1.1\r\n" HOST "\r\n", "DELETE /a 1.1 keep | done | "},
	{"HEAD needs no length", "HEAD /a HTTP/1.1\r\n" HOST "\r\n", "HEAD /a 1.1 keep | done | "},
	{"TRACE and CONNECT are methods, for the caller to refuse", "TRACE / HTTP/1.1\r\n" HOST "\r\n"
	 "CONNECT / HTTP/1.1\r\n" HOST "\r\n", "TRACE / 1.1 keep | done | CONNECT / 1.1 keep | done | "},
	{"a token may be an unknown method", "BREW / HTTP/1.1\r\n" HOST "\r\n", "refused unknown_method"},
	{"methods are in capitals", "get / HTTP/1.1\r\n" HOST "\r\n", "refused unknown_method"},
	{"half a method is unknown", "PO / HTTP/1.1\r\n" HOST "\r\n", "refused unknown_method"},
	{"a longer method is unknown", "POSTPOSTPOST / HTTP/1.1\r\n" HOST "\r\n", "refused unknown_method"},
	{"what is no token is no method", "G{T / HTTP/1.1\r\n" HOST "\r\n", "refused bad_request_line"},
	{"HTTP/2.0 is refused", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "refused unknown_version"},
	{"HTTP/1.2 is refused", "GET / HTTP/1.2\r\n" HOST "\r\n", "refused unknown_version"},
	{"HTTP/0.9 is refused", "GET / HTTP/0.9\r\n" HOST "\r\n", "refused unknown_version"},
	{"HTTP/x is no version", "GET / HTTP/x\r\n" HOST "\r\n", "refused bad_request_line"},
	{"HTTP/1.x is no version", "GET / HTTP/1.x\r\n" HOST "\r\n", "refused bad_request_line"},
	{"HTTP/1,1 is no version", "GET / HTTP/1,1\r\n" HOST "\r\n", "refused bad_request_line"},
	{"HTTP/1.10 is no version", "GET / HTTP/1.10\r\n" HOST "\r\n", "refused bad_request_line"},
	{"http/1.1 is no version", "GET / http/1.1\r\n" HOST "\r\n", "refused bad_request_line"},

	/* field lines */
	{"names come in any case, values with blanks around them",
	 GET("CONTENT-TYPE: \t a/b \t\r\ncontent-encoding:gzip\r\nAuthorization: B x\r\nX:\r\n"),
	 "GET / 1.1 keep type=a/b encoding=gzip auth=B x | done | "},
	{"a value may have tabs and bytes above ASCII inside", GET("Content-Type: a\tb\xc3\xa4 0123456789\r\n"),
	 "GET / 1.1 keep type=a\tb\xc3\xa4 0123456789 | done | "},
	{"names of a known length are not taken for known", GET("Hosu: a b\r\nExpecu: x\r\n"),
	 IS_GET "done | "},
	{"a value has no control characters", GET("A: 12345678\x01" "12345678\r\n"), "refused bad_header"},
	{"nor DEL", GET("A: 12345678\x7f" "12345678\r\n"), "refused bad_header"},
	{"nor a CR", GET("A: b\rc\r\n"), "refused bad_header"},
	{"a line ends with CRLF", "GET / HTTP/1.1\r\nHost: h\n", "refused bad_header"},
	{"so does the section", "GET / HTTP/1.1\r\nHost: h\r\n\n", "refused bad_header"},
	{"a CR alone is no field", GET("\rA: b\r\n"), "refused bad_header"},
	{"folded lines are refused", GET("A: b\r\n c\r\n"), "refused bad_header"},
	{"a space before the colon is refused", GET("A : b\r\n"), "refused bad_header"},
	{"a name is a token", GET("A(: b\r\n"), "refused bad_header"},
	{"a name is not empty", GET(": b\r\n"), "refused bad_header"},
	{"a line has a colon", GET("Ab\r\n"), "refused bad_header"},
	{"Content-Type comes once", GET("Content-Type: a\r\nContent-Type: a\r\n"), "refused bad_header"},
	{"Authorization comes once", GET("Authorization: a\r\nauthorization: b\r\n"), "refused bad_header"},
	{"Content-Encoding comes once", GET("Content-Encoding: a\r\nContent-Encoding: a\r\n"),
	 "refused bad_header"},
	{"a section of the greatest size is read", GET("A: " X150 X10 "xxxxxxxx\r\n"), IS_GET "done | "},
	{"a larger one is not", GET("A: " X150 X10 "xxxxxxxxx\r\n"), "refused header_too_large"},
	{"nor one without an end", "GET /" X150 X150, "refused header_too_large"},
	{"half a section is waited for", "GET / HTTP/1.1\r\nHost: h\r\n", "more"},

	/* Host */
	{"a host may have a port", "GET / HTTP/1.1\r\nHost: a-b.c_d:8080\r\n\r\n", IS_GET "done | "},
	{"or be an address", "GET / HTTP/1.1\r\nHost: [::ffff:1.2.3.4]:80\r\n\r\n", IS_GET "done | "},
	{"or be empty", "GET / HTTP/1.1\r\nHost:\r\n\r\n", IS_GET "done | "},
	{"HTTP/1.1 needs one", "GET / HTTP/1.1\r\n\r\n", "refused bad_host"},
	{"HTTP/1.0 does not", "GET / HTTP/1.0\r\n\r\n", "GET / 1.0 close | done | "},
	{"two are refused", GET(HOST), "refused bad_host"},
	{"two in one are refused", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "refused bad_host"},
	{"a path is no host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "refused bad_host"},
	{"a port is a number", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", "refused bad_host"},
	{"of five digits", "GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n", "refused bad_host"},
	{"a bracket is closed", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", "refused bad_host"},
	{"with an address in it", "GET / HTTP/1.1\r\nHost: []\r\n\r\n", "refused bad_host"},
	{"and a port behind it", "GET / HTTP/1.1\r\nHost: [::1]a\r\n\r\n", "refused bad_host"},

	/* Connection, Expect */
	{"close is among the options", GET("Connection: a , Close,\r\n"), "GET / 1.1 close | done | "},
	{"close wins", GET("Connection: close\r\nConnection: keep-alive\r\n"), "GET / 1.1 close | done | "},
	{"closed is not close", GET("Connection: closed, clos\r\n"), IS_GET "done | "},
	{"HTTP/1.0 is kept when asked for", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
	 "GET / 1.0 keep | done | "},
	{"100-continue is noted", POST("Content-Length: 1\r\nExpect: 100-Continue\r\n"),
	 "POST / 1.1 keep length=1 expect | more"},
	{"but not from HTTP/1.0", "POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\nx",
	 "POST / 1.0 close length=1 | x | done | "},
	{"other expectations are refused", GET("Expect: 200-ok\r\n"), "refused unknown_expectation"},

	/* Content-Length */
	{"a body of its length", POST("Content-Length: 2\r\n") "{}",
	 "POST / 1.1 keep length=2 | {} | done | "},
	{"a body of length 0 is none", POST("Content-Length: 0\r\n"), "POST / 1.1 keep length=0 | done | "},
	{"a body of the greatest size", POST("Content-Length: 32\r\n") X30 "yz",
	 "POST / 1.1 keep length=32 | " X30 "yz | done | "},
	{"a larger one is refused before it comes", POST("Content-Length: 33\r\n"), "refused body_too_large"},
	{"the greatest length is a number, but too large", POST("Content-Length: 9223372036854775807\r\n"),
	 "refused body_too_large"},
	{"a greater one is none", POST("Content-Length: 9223372036854775808\r\n"), "refused bad_length"},
	{"20 digits are none", POST("Content-Length: 00000000000000000001\r\n"), "refused bad_length"},
	{"nothing is none", POST("Content-Length:\r\n"), "refused bad_length"},
	{"a sign is none", POST("Content-Length: +1\r\n"), "refused bad_length"},
	{"a negative one is none", POST("Content-Length: -1\r\n"), "refused bad_length"},
	{"hex is none", POST("Content-Length: 0x1\r\n"), "refused bad_length"},
	{"a list is none", POST("Content-Length: 5, 5\r\n"), "refused bad_length"},
	{"a repeated length is refused", POST("Content-Length: 5\r\nContent-Length: 5\r\n"),
	 "refused bad_length"},
	{"POST needs a length", POST(""), "refused length_required"},
	{"PUT needs a length", "PUT / HTTP/1.1\r\n" HOST "\r\n", "refused length_required"},
	{"PATCH needs a length", "PATCH / HTTP/1.0\r\n\r\n", "refused length_required"},
	{"half a body is waited for", POST("Content-Length: 2\r\n") "{", "POST / 1.1 keep length=2 | { | more"},

	/* Transfer-Encoding */
	{"chunks are put together", CHUNKED("2\r\n{}\r\nA\r\n0123456789\r\n0\r\n\r\n"),
	 IS_CHUNKED "{}0123456789 | done | "},
	{"a chunked body may be empty", CHUNKED("0\r\n\r\n"), IS_CHUNKED "done | "},
	{"sizes are hex of either case, zeros before them", CHUNKED("000000000000000a\r\n0123456789\r\n0\r\n\r\n"),
	 IS_CHUNKED "0123456789 | done | "},
	{"extensions are skipped", CHUNKED("1;a=\"b\"\r\nx\r\n0 \t;a\r\n\r\n"), IS_CHUNKED "x | done | "},
	{"trailers are skipped", CHUNKED("1\r\nx\r\n0\r\nA: b\r\nHost: c\r\n\r\n"), IS_CHUNKED "x | done | "},
	{"chunked may be in capitals", POST("Transfer-Encoding: CHUNKED\r\n") "0\r\n\r\n",
	 IS_CHUNKED "done | "},
	{"chunks up to the greatest size", CHUNKED("10\r\n0123456789abcdef\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n"),
	 IS_CHUNKED "0123456789abcdef0123456789abcdef | done | "},
	{"and no byte more", CHUNKED("10\r\n0123456789abcdef\r\n11\r\n"),
	 IS_CHUNKED "0123456789abcdef | refused body_too_large"},
	{"the greatest chunk is too large", CHUNKED("1\r\nx\r\nffffffffffffffff\r\n"),
	 IS_CHUNKED "x | refused body_too_large"},
	{"17 digits are no size", CHUNKED("00000000000000001\r\n"), IS_CHUNKED "refused bad_chunk"},
	{"a size has a digit", CHUNKED("\r\n"), IS_CHUNKED "refused bad_chunk"},
	{"a size is hex", CHUNKED("1g\r\n"), IS_CHUNKED "refused bad_chunk"},
	{"a size has no sign", CHUNKED("+1\r\n"), IS_CHUNKED "refused bad_chunk"},
	{"a size has no prefix", CHUNKED("0x1\r\n"), IS_CHUNKED "refused bad_chunk"},
	{"a size has no space before it", CHUNKED(" 1\r\n"), IS_CHUNKED "refused bad_chunk"},
	{"a size has no space behind it", CHUNKED("1 \r\n"), IS_CHUNKED "refused bad_chunk"},
	{"an extension has no control characters", CHUNKED("1;a\rb\r\n"), IS_CHUNKED "refused bad_chunk"},
	{"a size ends with CRLF", CHUNKED("1\n"), IS_CHUNKED "refused bad_chunk"},
	{"a size line is bounded", CHUNKED("1;" X150 X150), IS_CHUNKED "refused header_too_large"},
	{"a chunk ends with CRLF", CHUNKED("1\r\nxy"), IS_CHUNKED "x | refused bad_chunk"},
	{"and not with LF", CHUNKED("1\r\nx\n"), IS_CHUNKED "x | refused bad_chunk"},
	{"and not with CR", CHUNKED("1\r\nx\r0"), IS_CHUNKED "x | refused bad_chunk"},
	{"a trailer is a field", CHUNKED("0\r\nA b\r\n"), IS_CHUNKED "refused bad_chunk"},
	{"a trailer is not folded", CHUNKED("0\r\nA: b\r\n c\r\n"), IS_CHUNKED "refused bad_chunk"},
	{"a trailer has no control characters", CHUNKED("0\r\nA: \x01\r\n"), IS_CHUNKED "refused bad_chunk"},
	{"a trailer ends with CRLF", CHUNKED("0\r\nA: b\n"), IS_CHUNKED "refused bad_chunk"},
	{"trailers are bounded together",
	 CHUNKED("0\r\nA: " X30 "\r\nA: " X30 "\r\nA: " X30 "\r\nA: " X30 "\r\nA: " X30 "\r\nA: " X30 "\r\n"),
	 IS_CHUNKED "refused header_too_large"},
	{"chunk lines are bounded one by one", CHUNKED("1;" X150 "\r\nx\r\n1;" X150 "\r\ny\r\n0\r\n\r\n"),
	 IS_CHUNKED "xy | done | "},
	{"half a chunk is waited for", CHUNKED("2\r\nx"), IS_CHUNKED "x | more"},
	{"gzip is refused", POST("Transfer-Encoding: gzip\r\n"), "refused unknown_encoding"},
	{"gzip, chunked is refused", POST("Transfer-Encoding: gzip, chunked\r\n"), "refused unknown_encoding"},
	{"chunked twice is refused", POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
	 "refused unknown_encoding"},
	{"chunked with a control character is refused", POST("Transfer-Encoding: \x0b" "chunked\r\n"),
	 "refused bad_header"},
	{"HTTP/1.0 knows no chunks", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
	 "refused bad_header"},
	{"chunked and a length are refused", POST("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"),
	 "refused length_and_chunked"},
	{"in either order", POST("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"),
	 "refused length_and_chunked"},

	/* pipelines */
	{"requests come one behind the other",
	 POST("Content-Length: 1\r\n") "x" CHUNKED("1\r\ny\r\n0\r\n\r\n") "\r\n" GET("") "GE",
	 "POST / 1.1 keep length=1 | x | done | " IS_CHUNKED "y | done | " IS_GET "done | more"},
	{"a body left over is no request", GET("") "{}\r\n\r\n", IS_GET "done | refused bad_request_line"},
	{"nothing is remembered from one to the next",
	 GET("Content-Type: a\r\nConnection: close\r\n") GET(""),
	 "GET / 1.1 close type=a | done | " IS_GET "done | "},
};
/* clang-format on */

#endif
