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

/* What `jeton dev` adds: the resource and the client of the first minute. */
struct jt_boot_dev {
    bool json;      /* -o json */
    bool temporary; /* the data directory was made for this run and is removed at the end */
};

/* dev is NULL for `jeton serve`. Prints errors to stderr itself. Returns the exit code. */
int jt_boot_run(const struct jt_config *config, const struct jt_boot_dev *dev);

#endif
