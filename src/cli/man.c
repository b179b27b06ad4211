/* SPDX-License-Identifier: Apache-2.0 */
#include "man.h"

#include <errno.h>
#include <sys/stat.h>

static bool make_folder(const char *path)
{
    return mkdir(path, 0777) == 0 || errno == EEXIST;
}

static enum jt_exit failed(const char *path)
{
    return jt_say_fail(JT_EXIT_FAILED, "cannot write %s: %s", path, strerrordesc_np(errno));
}

/* One page; c NULL: the page is not a command's. */
static enum jt_exit write_page(const char *path, void (*page)(FILE *out),
                               const struct jt_command *c)
{
    FILE *out = fopen(path, "we");
    if (out == NULL) {
        return failed(path);
    }
    if (c != NULL) {
        jt_man_command(out, c);
    } else {
        page(out);
    }
    bool is_bad = ferror(out) != 0;
    return fclose(out) != 0 || is_bad ? failed(path) : JT_EXIT_DONE;
}

enum jt_exit jt_man_write(const char *dir)
{
    static const struct {
        const char *name;
        void (*page)(FILE *out);
    } others[] = {{"man1/jeton.1", jt_man_overview}, {"man5/jeton.yaml.5", jt_man_config}};
    char path[4096];
    char name[JT_MAN_NAME];
    enum jt_exit code = JT_EXIT_DONE;
    if (strlen(dir) > sizeof path - 2 * JT_MAN_NAME) {
        return jt_say_fail(JT_EXIT_USAGE, "the path of the folder is too long");
    }
    for (int section = 1; section <= 5; section += 4) {
        (void)snprintf(path, sizeof path, "%s/man%d", dir, section);
        if (!make_folder(path)) {
            return failed(path);
        }
    }
    for (size_t i = 0; code == JT_EXIT_DONE && i < sizeof others / sizeof others[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, others[i].name);
        code = write_page(path, others[i].page, NULL);
    }
    const struct jt_command *c = NULL;
    for (size_t i = 0; code == JT_EXIT_DONE && (c = jt_command_at(i)) != NULL; i++) {
        jt_man_name(c, name);
        (void)snprintf(path, sizeof path, "%s/man1/%s.1", dir, name);
        code = write_page(path, NULL, c);
    }
    return code;
}
