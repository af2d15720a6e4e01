/* SPDX-License-Identifier: Apache-2.0 */
/* The virtio block driver: one device, one service, one wake-up after the other, each with one kernel entry. */
#include <process.h>
#include <ring.h>

#include "serve.h"

static struct server server;

int tn_main(const struct tn_start *start)
{
    serve_open(&server, start);
    for (;;) {
        serve_round(&server);
        (void)tn_ring_wait(1, TN_DEADLINE_NEVER);
    }
}
