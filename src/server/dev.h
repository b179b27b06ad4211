/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dev.h - what `jeton dev` adds to a server: a CA of its own, one resource, one client, and the
 * lines to paste.
 */
#ifndef JT_SERVER_DEV_H
#define JT_SERVER_DEV_H

#include "boot.h"
#include "state.h"

/* Makes dev-ca.pem and dev-tls.pem unless they are there and last a week more. Paths in out. */
JT_MUST enum jt_err jt_dev_certificates(const struct jt_datadir *d, char ca[static PATH_MAX],
                                        char leaf[static PATH_MAX]);
/* The resource and the client; a second start finds its secret in dev.json. Prints on stdout. */
JT_MUST enum jt_err jt_dev_provision(struct jt_state *s, const struct jt_app *app,
                                     const struct jt_boot_dev *dev, const char *ca_file);

#endif
