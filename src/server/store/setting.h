/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setting.h - names of the rows in the table of settings: numbers that outlive a start. Written
 * before the store thread begins, or by it.
 */
#ifndef JT_STORE_SETTING_H
#define JT_STORE_SETTING_H

#define JT_SETTING_START "issue_start"            /* how often the server started */
#define JT_SETTING_FLOOR "issue_floor"            /* tokens of starts before this one are over */
#define JT_SETTING_CREDENTIALS "credential_floor" /* credential numbers that are taken */
#define JT_SETTING_RESTORED "restored" /* when a backup was made, until its first start */

#endif
