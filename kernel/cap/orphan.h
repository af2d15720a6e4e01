/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What clients leave behind: requests whose client has ended, or has revoked their fence, while a device may still work
 * on them. They stay mapped and charged to the client's entry of the manifest until their end. A session's deadline
 * (struct tn_manifest_use) says for how long that may be: then the server is ended for it, its device reset, and
 * everything that it had comes back. Other clients of the service pay for that with an aborted request, so the entry of
 * who caused it is blamed, and the next time it has to wait: ORPHAN_PAUSE_NS, doubled with each reset it has caused,
 * ORPHAN_PAUSES_MAX times at most. A server that nobody starts again is never ended for a client: what was left with it
 * stays, charged.
 */
#ifndef TENURE_KERNEL_CAP_ORPHAN_H
#define TENURE_KERNEL_CAP_ORPHAN_H

#include <stdint.h>

struct process;
struct service;

enum { ORPHAN_PAUSES_MAX = 6 };
#define ORPHAN_PAUSE_NS UINT64_C(1000000000)

/* Of a fence slot of a service. */
struct orphan {
    struct process *left_by; /* NULL: the slot has none */
    uint64_t due;            /* ns; TN_DEADLINE_NEVER */
};

/* The request of this slot is an orphan from now on. */
void orphan_left(struct service *service, uint32_t slot, struct process *left_by, uint32_t deadline_ms);
/* It has ended. Nothing if it was none. */
void orphan_ended(struct service *service, uint32_t slot);
/* Ends servers whose orphans are due. On the way out of the kernel, with no lock held. */
void orphans_handle(void);

#endif
