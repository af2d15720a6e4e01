/* SPDX-License-Identifier: Apache-2.0 */
/* See queue.h. Descriptors: VT-d Specification 4.0, section 6.5.2.1 to 6.5.2.8. */
#include "iommu/vtd/queue.h"

#include "iommu/vtd/registers.h"

enum {
    TYPE_CONTEXT = 1,
    TYPE_IOTLB = 2,
    TYPE_INTERRUPT = 4,
    TYPE_WAIT = 5,
    GLOBAL = 1 << 4, /* granularities */
    DOMAIN = 2 << 4,
    DEVICE = 3 << 4,
    IOTLB_DRAIN = 3 << 6, /* writes and reads; a unit without draining ignores it */
    INTERRUPT_INDEX = 1 << 4,
    WAIT_STATUS = 1 << 5,
    ENTRY_SHIFT = 4,
};

static const uint64_t limit_ns = 1000000000;

struct vtd_descriptor vtd_context_all(void)
{
    return (struct vtd_descriptor){TYPE_CONTEXT | GLOBAL, 0};
}

struct vtd_descriptor vtd_context_of(uint16_t requester, uint16_t domain)
{
    return (struct vtd_descriptor){(uint64_t)requester << 32 | (uint64_t)domain << 16 | DEVICE | TYPE_CONTEXT, 0};
}

struct vtd_descriptor vtd_iotlb_all(void)
{
    return (struct vtd_descriptor){TYPE_IOTLB | GLOBAL | IOTLB_DRAIN, 0};
}

struct vtd_descriptor vtd_iotlb_domain(uint16_t domain)
{
    return (struct vtd_descriptor){(uint64_t)domain << 16 | IOTLB_DRAIN | DOMAIN | TYPE_IOTLB, 0};
}

struct vtd_descriptor vtd_interrupt_all(void)
{
    return (struct vtd_descriptor){TYPE_INTERRUPT, 0};
}

struct vtd_descriptor vtd_interrupt_of(uint16_t index)
{
    return (struct vtd_descriptor){(uint64_t)index << 32 | INTERRUPT_INDEX | TYPE_INTERRUPT, 0};
}

enum tn_status vtd_queue_init(struct vtd_queue *q, const struct vtd_host *host, bool coherent)
{
    *q = (struct vtd_queue){.host = host, .coherent = coherent};
    if (!host->take(host->context, 2, &q->physical))
        return TN_EEXHAUSTED;
    q->done_physical = q->physical + VTD_QUEUE_ENTRIES * sizeof *q->entry;
    q->entry = host->at(host->context, q->physical);
    q->done = host->at(host->context, q->done_physical);
    return TN_OK;
}

static void put(struct vtd_queue *q, struct vtd_descriptor d)
{
    struct vtd_descriptor *to = &q->entry[q->tail];
    *to = d;
    if (!q->coherent)
        vtd_host_write_back(q->host->context, to, sizeof *to);
    q->tail = (q->tail + 1) % VTD_QUEUE_ENTRIES;
}

static bool is_done(const struct vtd_queue *q)
{
    return __atomic_load_n(q->done, __ATOMIC_ACQUIRE) == q->number;
}

static bool wait(struct vtd_queue *q)
{
    const struct vtd_host *h = q->host;
    uint64_t end = h->now(h->context) + limit_ns;
    while (!is_done(q)) {
        q->waits++;
        if (h->read32(h->context, VTD_FSTS) & VTD_FSTS_QUEUE || h->now(h->context) > end)
            return is_done(q); /* it may have come between the two looks */
    }
    return true;
}

enum tn_status vtd_queue_order(struct vtd_queue *q, const struct vtd_descriptor *order, uint32_t count)
{
    if (q->failed)
        return TN_EIO;
#ifdef TN_TWIN_INVALIDATE /* negative twin: an invalidation is promised and not given */
    (void)order;
    count = 0;
#endif
    for (uint32_t i = 0; i < count; i++)
        put(q, order[i]);
    q->number++;
    put(q, (struct vtd_descriptor){(uint64_t)q->number << 32 | WAIT_STATUS | TYPE_WAIT, q->done_physical});
    q->orders += count;
    /* uncached, so behind the descriptors */
    q->host->write64(q->host->context, VTD_IQT, (uint64_t)q->tail << ENTRY_SHIFT);
    if (is_done(q) || wait(q))
        return TN_OK;
    q->failed = true;
    return TN_EIO;
}
