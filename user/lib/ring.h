/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process's ring pair: entries are gathered and travel together, completions are handed to whoever waits for them.
 *
 * Each entry that may be answered names a source in its user_data; tn_ring_wait gives every completion to its source's
 * `deliver`, which notes it and returns: it neither waits nor submits. One thread, one ring.
 */
#ifndef TENURE_USER_RING_H
#define TENURE_USER_RING_H

#include <stdint.h>

#include <tenure/abi/ring.h>
#include <tenure/abi/start.h>
#include <tenure/abi/status.h>

/* Receiver of completions. Must stay where it is until the last completion it was promised has come. */
struct tn_source {
    void (*deliver)(struct tn_source *source, const struct tn_cqe *cqe);
};

static inline uint64_t tn_source_user_data(struct tn_source *source)
{
    return (uint64_t)(uintptr_t)source;
}

void tn_ring_init(const struct tn_start *start);

/* Room for one entry, zeroed, to be filled before the next call into this header. Enters the kernel if the queue is
 * full. */
struct tn_sqe *tn_ring_push(void);

/* Hands over what was pushed, waits until `min` completions are there or the deadline passes, and delivers all that
 * came. What the other calls of this header have delivered since it returned last counts: who has looked at its sources
 * and then calls, prints or pushes does not sleep over what came then. So it may return early: call it in a loop. TN_OK
 * or TN_ETIMEDOUT. Anything else is a broken ring and ends the process. */
enum tn_status tn_ring_wait(uint32_t min, uint64_t deadline);
/* The same for a loop within, which looks at what it waits for before each wait: whatever else comes is left to the
 * next tn_ring_wait. */
enum tn_status tn_ring_sleep(uint32_t min, uint64_t deadline);
/* Hands over what was pushed and delivers what is there; does not wait. */
void tn_ring_flush(void);

/* One operation and its answer: pushes a copy of *sqe (user_data is set here), enters, waits if it is answered later
 * (tenure/abi/ring.h says which are), returns the status of the answer. `answer` may be NULL. Other completions that
 * come along are delivered. */
TN_MUST_CHECK enum tn_status tn_ring_call(const struct tn_sqe *sqe, struct tn_cqe *answer);

#endif
