/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "env.h"
#include "option.h"
#include "yaml.h"

void jt_config_init(struct jt_config *c)
{
    *c = (struct jt_config){0};
    jt_arena_init(&c->arena, (size_t)4 * JT_CONFIG_FILE_MAX);
    struct jt_config_error err = {0};
    for (size_t i = 0; i < JT_OPTION_N; i++) {
        struct jt_option_source source = {JT_FROM_DEFAULT, ""};
        struct jt_slice value = jt_str(jt_options[i].fallback);
        JT_ASSERT(jt_option_set(c, &jt_options[i], value, source, &err) == JT_OK);
    }
}

void jt_config_free(struct jt_config *c)
{
    jt_arena_free(&c->arena);
    *c = (struct jt_config){0};
}

static void close_fd(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

static enum jt_err read_file(const char *file, struct jt_buf *text, struct jt_config_error *err)
{
    /* Opening or reading a pipe would wait, and with SIGHUP a whole server would wait. */
    JT_AUTO(close_fd) int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st = {0};
    if (fd < 0 || fstat(fd, &st) != 0) {
        enum jt_err e = errno == ENOENT ? JT_E_NOTFOUND : JT_E_IO;
        return jt_config_fail(err, e, file, "cannot open the file: %s", strerrordesc_np(errno));
    }
    if (!S_ISREG(st.st_mode)) {
        return jt_config_fail(err, JT_E_IO, file, "is not a file");
    }
    for (;;) {
        if (text->n == JT_CONFIG_FILE_MAX) {
            return jt_config_fail(err, JT_E_LIMIT, file, "is larger than 1 MiB");
        }
        size_t room = JT_CONFIG_FILE_MAX - text->n < 4096 ? JT_CONFIG_FILE_MAX - text->n : 4096;
        if (!jt_buf_reserve(text, room)) {
            return jt_config_fail(err, JT_E_NOMEM, file, "out of memory");
        }
        ssize_t k = read(fd, text->p + text->n, room);
        if (k == 0) {
            return JT_OK;
        }
        if (k < 0 && errno != EINTR) {
            return jt_config_fail(err, JT_E_IO, file, "cannot read the file: %s",
                                  strerrordesc_np(errno));
        }
        text->n += k < 0 ? 0 : (size_t)k;
    }
}

enum jt_err jt_config_load(struct jt_config *c, const char *file, struct jt_config_error *err)
{
    *err = (struct jt_config_error){0};
    if (file != NULL) {
        JT_AUTO(jt_buf_free) struct jt_buf text;
        jt_buf_init(&text, JT_CONFIG_FILE_MAX);
        JT_TRY(read_file(file, &text, err));
        JT_TRY(jt_yaml_read(c, file, jt_buf_slice(&text), err));
    }
    return jt_env_read(c, err);
}

enum jt_err jt_config_set(struct jt_config *c, const char *name, struct jt_slice value,
                          const char *where, struct jt_config_error *err)
{
    const struct jt_option *o = jt_option_find(name);
    JT_ASSERT(o != NULL); /* the program names its keys itself */
    *err = (struct jt_config_error){0};
    return jt_option_set(c, o, value, (struct jt_option_source){JT_FROM_FLAG, where}, err);
}
