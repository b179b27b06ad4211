/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "storm.h"

volatile sig_atomic_t storm_stopped;

static void stop(int signal_number)
{
    (void)signal_number;
    storm_stopped = 1;
}

int main(int argc, char **argv)
{
    struct storm_options o;
    struct rlimit files;
    if (!storm_options_read(argc, argv, &o)) {
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGTERM, stop);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    return strcmp(o.kind, "good") == 0 ? storm_good(&o) : storm_attack(&o);
}
