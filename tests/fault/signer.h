/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signer.h - a client that signs its assertions, for the server of served.h.
 */
#ifndef TESTS_FAULT_SIGNER_H
#define TESTS_FAULT_SIGNER_H

#include "served.h"

#define SIGNER_FORM 2048

/* A key, and the body that adds its public half to a client. */
void signer_init(char *body, size_t cap);
/* A token request of this client, good once. Signed by another key: good never. */
void signer_form(const struct served *s, const char *client, bool by_another,
                 char out[static SIGNER_FORM]);
void signer_free(void);

#endif
