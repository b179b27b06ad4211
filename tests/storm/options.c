/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "storm.h"

#define SECONDS_MAX 7200.0
#define CONNECTIONS_MAX 20000.0

static bool wrong(const char *what, const char *value)
{
    (void)fprintf(stderr, "storm: %s: %s\n", what, value);
    return false;
}

static bool number(const char *text, double most, double *out)
{
    char *end = NULL;
    double v = strtod(text, &end);
    if (end == text || *end != '\0' || !(v >= 0) || v > most) {
        return wrong("not a number within its bounds", text);
    }
    *out = v;
    return true;
}

static bool count(const char *text, double most, unsigned *out)
{
    double v = 0;
    if (!number(text, most, &v) || v < 1) {
        return wrong("not a number within its bounds", text);
    }
    *out = (unsigned)v;
    return true;
}

/* Nothing but this machine is ever attacked. */
static bool loopback(const char *text, struct in_addr *out)
{
    if (inet_pton(AF_INET, text, out) != 1 || ntohl(out->s_addr) >> 24 != 127) {
        return wrong("not a loopback address", text);
    }
    return true;
}

static bool target(const char *text, struct sockaddr_in *out)
{
    char host[64];
    const char *colon = strrchr(text, ':');
    double port = 0;
    if (colon == NULL || (size_t)(colon - text) >= sizeof host) {
        return wrong("not ADDRESS:PORT", text);
    }
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    if (!loopback(host, &out->sin_addr) || !number(colon + 1, 65535, &port)) {
        return false;
    }
    out->sin_family = AF_INET;
    out->sin_port = htons((uint16_t)port);
    return true;
}

static bool one_option(const char *name, const char *value, struct storm_options *o)
{
    const struct {
        const char *name;
        const char **to;
    } texts[] = {{"--id", &o->id},
                 {"--secret", &o->secret},
                 {"--resource", &o->resource},
                 {"--rs-id", &o->rs_id},
                 {"--rs-secret", &o->rs_secret}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(name, texts[i].name) == 0) {
            *texts[i].to = value;
            return true;
        }
    }
    if (strcmp(name, "--for") == 0) {
        return number(value, SECONDS_MAX, &o->seconds);
    }
    if (strcmp(name, "--rate") == 0) {
        return number(value, 1e6, &o->rate);
    }
    if (strcmp(name, "--window") == 0) {
        return number(value, SECONDS_MAX, &o->window);
    }
    if (strcmp(name, "--connections") == 0) {
        return count(value, CONNECTIONS_MAX, &o->connections);
    }
    if (strcmp(name, "--addresses") == 0) {
        return count(value, 65536, &o->addresses);
    }
    if (strcmp(name, "--from") == 0) {
        struct in_addr a;
        if (!loopback(value, &a)) {
            return false;
        }
        o->from = ntohl(a.s_addr);
        return true;
    }
    return wrong("no such option", name);
}

bool storm_options_read(int argc, char **argv, struct storm_options *out)
{
    struct storm_options o = {.from = INADDR_LOOPBACK,
                              .addresses = 1,
                              .connections = 8,
                              .seconds = 1,
                              .window = 1,
                              .id = "demo",
                              .secret = "wrong",
                              .resource = "https://api.example.com"};
    if (argc < 3 || !target(argv[2], &o.to)) {
        return wrong("usage", "storm KIND 127.0.0.1:PORT [--for SECONDS] [--connections N] [--rate "
                              "PER_SECOND] [--from ADDRESS] [--addresses N] [--window SECONDS] "
                              "[--tls] [--fresh] [--id ID] [--secret SECRET] [--resource URL] "
                              "[--rs-id ID] [--rs-secret SECRET]");
    }
    o.kind = argv[1];
    for (int i = 3; i < argc; i++) {
        if (strcmp(argv[i], "--tls") == 0) {
            o.tls = true;
        } else if (strcmp(argv[i], "--fresh") == 0) {
            o.fresh = true;
        } else if (i + 1 == argc) {
            return wrong("a value is missing after", argv[i]);
        } else if (!one_option(argv[i], argv[i + 1], &o)) {
            return false;
        } else {
            i++;
        }
    }
    *out = o;
    return true;
}

int64_t storm_now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static size_t post(const char *path, const char *body, bool close, char *out, size_t room)
{
    int n = snprintf(out, room,
                     "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                     "application/x-www-form-urlencoded\r\n%sContent-Length: %zu\r\n\r\n%s",
                     path, close ? "Connection: close\r\n" : "", strlen(body), body);
    return n < 0 || (size_t)n >= room ? 0 : (size_t)n;
}

size_t storm_token_request(const struct storm_options *o, const char *secret, bool close,
                           char out[static STORM_REQUEST_MAX])
{
    char body[STORM_REQUEST_MAX / 2];
    (void)snprintf(body, sizeof body,
                   "grant_type=client_credentials&client_id=%s&client_secret=%s&resource=%s", o->id,
                   secret, o->resource);
    return post("/token", body, close, out, STORM_REQUEST_MAX);
}

size_t storm_introspection(const struct storm_options *o, const char *token, bool close, char *out,
                           size_t room)
{
    char body[8192];
    (void)snprintf(body, sizeof body, "client_id=%s&client_secret=%s&token=%s", o->rs_id,
                   o->rs_secret, token);
    return post("/introspect", body, close, out, room);
}
