/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot.h - from a configuration to a running server, and back to nothing.
 *
 * jt_boot_run opens the data directory (lock, master key, store), starts the store thread and the
 * workers, and returns after SIGTERM or SIGINT has drained them. Exit codes as in
 * the contract: 0 done, 1 failed, 2 configuration, 6 conflict (directory or port in use).
 */
#ifndef JT_SERVER_BOOT_H
#define JT_SERVER_BOOT_H

#include "config/config.h"

/*
 * SIGHUP reads configuration and certificates again and takes over what may change while it runs;
 * if something is wrong, all stays as it was.
 */

/* What `jeton dev` adds: the resource and the client of the first minute. */
struct jt_boot_dev {
    bool json;      /* -o json */
    bool temporary; /* the data directory was made for this run and is removed at the end */
};

struct jt_boot {
    const struct jt_boot_dev *dev; /* NULL for `jeton serve` */
    /* Reads and checks the configuration as at the start, into an initialized one. Any error: *err
     * says what is wrong, where. */
    enum jt_err (*load)(void *ctx, struct jt_config *out, struct jt_config_error *err);
    void *ctx;
};

/* Prints errors to stderr itself. Returns the exit code. */
int jt_boot_run(const struct jt_config *config, const struct jt_boot *how);

#endif
