/* SPDX-License-Identifier: Apache-2.0 */
/*
 * head.h - the head of an HTTP/1.1 request, read strictly; no sockets.
 *
 * Where RFC 9112 lets a server choose between tolerance and refusal, this refuses: whoever stands
 * in front must never see another request than we do.
 * Owns:    nothing; every slice points into the caller's bytes.
 * Errors:  a verdict, with the reason for audit and the status for the wire.
 * RFC:     9110, 9112
 */
#ifndef JT_HTTP_HEAD_H
#define JT_HTTP_HEAD_H

#include "../base/slice.h"

#define JT_HTTP_HEAD_MAX 8192
#define JT_HTTP_HEADERS_MAX 64
#define JT_HTTP_BODY_MAX 16384

enum jt_http_method {
    JT_METHOD_OTHER = 0, /* a token, but none of these */
    JT_GET,
    JT_HEAD,
    JT_POST,
    JT_PUT,
    JT_PATCH,
    JT_DELETE,
    JT_OPTIONS,
};

struct jt_http_field {
    struct jt_slice name, value; /* value without surrounding blanks */
};

struct jt_http_head {
    enum jt_http_method method;
    struct jt_slice method_text;
    struct jt_slice target;      /* as sent: origin form only ("*" for OPTIONS) */
    struct jt_slice path, query; /* path still percent-encoded; query without "?" */
    bool has_query;
    unsigned minor;                /* 0 or 1 */
    struct jt_slice host;          /* the one Host (may be empty in HTTP/1.0) */
    struct jt_slice content_type;  /* empty when absent; a repeated one is refused */
    struct jt_slice authorization; /* empty when absent; at most one */
    struct jt_slice user_agent;    /* empty when absent; the last one */
    bool has_authorization;
    bool chunked;
    bool has_length;
    uint64_t length; /* of the body */
    bool keep_alive; /* by version and Connection */
    bool expect_continue;
    size_t nfields;
    struct jt_http_field fields[JT_HTTP_HEADERS_MAX];
};

/* X(name, status, "what was wrong, for the operator") */
#define JT_HTTP_FAULTS(X)                                                                          \
    X(LINE, 400, "the request line is not METHOD SP TARGET SP HTTP/1.x CRLF")                      \
    X(METHOD, 400, "the method is not a token")                                                    \
    X(TARGET, 400, "the target is not an absolute path, or has characters a URI cannot have")      \
    X(VERSION, 505, "the version is not HTTP/1.0 or HTTP/1.1")                                     \
    X(BARE_CR_LF, 400, "a CR or LF stands alone")                                                  \
    X(FOLDED, 400, "a header line is folded (starts with a blank)")                                \
    X(FIELD_NAME, 400,                                                                             \
      "a header name is empty or not a token, or a blank stands before its colon")                 \
    X(FIELD_VALUE, 400, "a header value has a control character or NUL")                           \
    X(HEAD_SIZE, 431, "the head is larger than 8192 bytes")                                        \
    X(HEAD_FIELDS, 431, "the head has more than 64 header lines")                                  \
    X(HOST, 400, "there is not exactly one well-formed Host")                                      \
    X(LENGTH, 400, "Content-Length is not one plain decimal number")                               \
    X(LENGTH_AND_ENCODING, 400, "Content-Length and Transfer-Encoding stand together")             \
    X(ENCODING, 400, "Transfer-Encoding is not exactly chunked, once, in HTTP/1.1")                \
    X(REPEATED, 400, "Authorization, Content-Type or Expect is repeated")                          \
    X(EXPECT, 417, "Expect is not 100-continue")                                                   \
    X(CODING, 415, "Content-Encoding is not spoken here: the body is to be sent as it is")         \
    X(BODY_SIZE, 413, "the body is larger than 16384 bytes")                                       \
    X(CHUNK, 400, "the chunked body is malformed")                                                 \
    X(UPGRADE, 400, "HTTP/2 with prior knowledge is not spoken here")

enum jt_http_fault {
    JT_HTTP_OK = 0,
    JT_HTTP_MORE, /* not complete yet */
#define X(name, status, text) JT_HTTP_##name,
    JT_HTTP_FAULTS(X)
#undef X
};

unsigned jt_http_fault_status(enum jt_http_fault f);  /* 400, 413, …; 0 for OK and MORE */
const char *jt_http_fault_name(enum jt_http_fault f); /* "LENGTH_AND_ENCODING" */
const char *jt_http_fault_text(enum jt_http_fault f);

/*
 * Reads a head from the start of in. OK: *head is filled and *head_n is its length with the empty
 * line. MORE: no empty line within in, and in is still below JT_HTTP_HEAD_MAX. A fault may be
 * told as soon as it is seen. An empty line before the request line is a fault.
 * A declared length over JT_HTTP_BODY_MAX is BODY_SIZE.
 */
enum jt_http_fault jt_http_head_read(struct jt_slice in, struct jt_http_head *head, size_t *head_n);

/* The first field of that name (lower or upper case), or NULL. */
const struct jt_http_field *jt_http_field(const struct jt_http_head *head, struct jt_slice name);

#endif
