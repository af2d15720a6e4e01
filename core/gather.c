/* SPDX-License-Identifier: Apache-2.0 */
/* Ends that wait for a flush. What is flushed, and when, is the embedder's. */
#include "gather.h"

#include "bug.h"

bool tn_gather_init(struct tn_gather *gather, struct tn_gathered *gathered, uint32_t entries)
{
    if (gathered == NULL || entries == 0 || entries > TN_HANDLE_SLOTS)
        return false;
    gather->gathered = gathered;
    gather->head = 0;
    gather->done = 0;
    gather->begun = 0;
    gather->tail = 0;
    gather->entries = entries;
    return true;
}

enum tn_status tn_gather_add_decide(const struct tn_gather *gather)
{
    return gather->tail - gather->head < gather->entries && gather->tail < UINT64_MAX ? TN_OK : TN_EAGAIN;
}

void tn_gather_add_commit(struct tn_gather *gather, uint64_t name)
{
    TN_ASSERT(tn_gather_add_decide(gather) == TN_OK);
    struct tn_gathered *latest = &gather->gathered[gather->tail % gather->entries];
    latest->name = name;
    latest->flushed = false;
    gather->tail++;
}

uint64_t tn_gather_flush_begin(struct tn_gather *gather)
{
    if (gather->tail > gather->done)
        gather->gathered[(gather->tail - 1) % gather->entries].flushed = true;
    gather->begun = gather->tail;
    return gather->begun;
}

enum tn_status tn_gather_flush_end_decide(const struct tn_gather *gather, uint64_t number)
{
#ifdef TN_TWIN_FLUSH /* negative twin: any flush that ends covers all that waits */
    (void)number;
    return gather->done < gather->tail ? TN_OK : TN_ESTALE;
#else
    if (number <= gather->done || number > gather->begun)
        return TN_ESTALE;
    return gather->gathered[(number - 1) % gather->entries].flushed ? TN_OK : TN_ESTALE;
#endif
}

void tn_gather_flush_end_commit(struct tn_gather *gather, uint64_t number)
{
    TN_ASSERT(tn_gather_flush_end_decide(gather, number) == TN_OK);
#ifdef TN_TWIN_FLUSH
    (void)number;
    gather->begun = gather->tail;
    gather->done = gather->tail;
#else
    gather->done = number;
#endif
}

uint64_t tn_gather_next_commit(struct tn_gather *gather)
{
    TN_ASSERT(tn_gather_has_next(gather));
    return gather->gathered[gather->head++ % gather->entries].name;
}
