/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DmaPools in the kernel: the frames behind a tn_pool of core/. A pool is made for one device (a driver's ring memory)
 * or one channel (a client's payload for that service), and its buffers go nowhere else.
 */
#ifndef TENURE_KERNEL_CAP_POOL_H
#define TENURE_KERNEL_CAP_POOL_H

#include <assert.h>
#include <stdint.h>

#include <core/cap.h>
#include <core/dma.h>
#include <tenure/abi/manifest.h>
#include <tenure/abi/ring.h>

#include "iommu/iommu.h"
#include "mm/run.h"

struct channel;
struct device;
struct process;
struct service;

enum {
    POOLS_PER_OWNER = 16, /* so that no owner takes another one's share of the table */
    POOLS_MAX = POOLS_PER_OWNER * TN_MANIFEST_PROCESSES_MAX,
    POOL_BUFFERS_MAX = 4096,
    POOL_BUFFER_BYTES_MAX = 1 << 20,
};

struct pool {
    _Alignas(256) struct tn_identity identity; /* a power of two: every request looks one up */
    struct tn_pool core;
    struct process *owner;       /* pays for it, also after its end */
    struct channel *channel;     /* a client's pool; NULL: a driver's, its ring memory */
    struct device *reach;        /* whose DMA its buffers are for; NULL: no device's */
    struct iommu_domain *domain; /* in which its buffers are or will be; NULL: no IOMMU, or no device any more */
    struct iommu_run run;
    bool strict;      /* a buffer is in the domain only while it is with the device */
    bool guarded;     /* the owner does not reach what its device has */
    bool is_withheld; /* a client's, with buffers in quarantine for a device that its service has no more */
    uint32_t buffer_pages;
    uint64_t physical;
    uint64_t name;            /* the device's address of the first buffer; 0: no device, or none any more */
    struct space_run mapping; /* in the owner's space */
    uint64_t records;         /* physical address of what core/ keeps of the buffers */
};
static_assert(sizeof(struct pool) == 256, "no second power of two");

/* What is asked for. */
struct pool_request {
    struct process *owner;
    struct device *device;
    struct channel *channel;
    uint64_t buffer_bytes;
    uint64_t buffers;
    uint64_t user_data; /* of the answer */
};

void pool_init(void);
/* TN_EINVAL: sizes out of range. TN_EPOLICY: no DMA for that device. TN_EBUDGET (also: POOLS_PER_OWNER), TN_EEXHAUSTED.
 * Nothing is changed unless TN_OK: then the owner, who may have one more capability, gets the answer with the handle,
 * now or, for a larger pool, once its pages are zero. The answer may be a refusal then too: TN_ESTALE: the device was
 * given up meanwhile; TN_EAGAIN, TN_EPEERGONE: its service has no server; and those above. */
TN_MUST_CHECK enum tn_status pool_create(const struct pool_request *request);
struct pool *pool_at(uint32_t index);
/* Pages of its buffers; pages in which core/ keeps what it knows of them. */
uint64_t pool_pages(const struct pool *pool);
uint64_t pool_record_pages(const struct pool *pool);
/* Below POOLS_MAX; generation 0: no live pool. */
const struct tn_identity *pool_identity(uint32_t index);
/* The pages of ring memory stay the owner's, and charged, until the end of a claim in which the device was a bus
 * master. TN_ESTATE while a buffer is not free; TN_EQUARANTINED: what is not free is in quarantine, with its device. */
TN_MUST_CHECK enum tn_status pool_release(struct pool *pool);
/* After that: its pages are still to be zeroed, and its owner is answered with this user_data when they are. False: it
 * is to be answered now. */
TN_MUST_CHECK bool pool_tell_end(const struct pool *pool, uint64_t user_data);
/* The same for the ring memory of a device that the owner has given up, when the last page of all of it is zero. */
TN_MUST_CHECK bool pools_tell_end(const struct process *owner, const struct device *device, uint64_t user_data);
/* The owner has ended: what the CPU owned is scrubbed; the pool goes when its last buffer comes back from its device.
 */
void pools_owner_ended(struct process *owner);
/* After that: none of them is being zeroed. */
bool pools_of_are_gone(const struct process *owner);
/* Goes on with the zeroing of pools, for a slice. On the way out of the kernel, with no lock held. */
void pools_zero_go_on(void);
/* Scrubs and frees a buffer that nobody owns; frees the pool if it waited for that. */
void pool_buffer_ended(struct pool *pool, uint32_t slot);
/* The same for an orphan, which an owner that lives on may have again. */
void pool_orphan_ended(struct pool *pool, uint32_t slot);
/* The owner's mapping of a buffer that leaves for its device, and of one that has come back (G1). Nothing without the
 * guard. The owner's translations are flushed before it runs on. */
void pool_buffer_hide(struct pool *pool, uint32_t slot);
void pool_buffer_show(struct pool *pool, uint32_t slot);
/* A request on a buffer goes to the driver: its device reaches the pages of the first `length` bytes, to read or to
 * write. Nothing where the device reaches all of the pool. The domain is synchronised before the driver runs. */
void pool_buffer_reach(struct pool *pool, uint32_t slot, enum tn_direction direction, uint64_t length);
/* The request has ended. True: the device's reach ends with iommu_sync(pool->domain), and nobody may have the buffer
 * before. */
bool pool_buffer_unreach(struct pool *pool, uint32_t slot, uint64_t length);
/* The device was taken from its driver with evidence that it is silent: takes every pool out of its domain. False: one
 * could not be, and the domain has to stay. */
bool pools_reach_ended(const struct device *device);
/* The claim of the device behind these pools of clients is over: they have no place in its domain, and no name for it.
 * One of which something is in quarantine takes part in no request until there is evidence for that device. True: there
 * is such a pool, and its requests that still wait are to end (services_end_withheld). */
bool pools_device_ended(const struct device *device);
/* Its driver lives on, and has given the device up, which is silent or in quarantine: the ring memory goes. */
void pools_device_released(const struct device *device);
/* A device that was in quarantine is silent: what was in quarantine for it goes back. */
void pools_device_silenced(const struct device *device);
/* A service has a server and a device again: its clients' pools are in the domain of that device. On a failure some
 * are, and the server must not be given a request. TN_EEXHAUSTED, TN_EIO, TN_EPOLICY. */
TN_MUST_CHECK enum tn_status pools_attach(const struct service *service);
/* Is this address of the process in a buffer that is in flight? */
bool pools_hide(const struct process *owner, uint64_t address);
/* A buffer went into quarantine; if its owner has ended, the pool follows. */
void pool_buffer_lost(struct pool *pool);
/* The struct pool around its core part. */
struct pool *pool_of(struct tn_pool *core);

/* For people. */
struct pool_view {
    const struct process *owner;
    const struct device *reach;
    const char *state;
    uint32_t buffers, buffer_bytes;
    uint32_t free, away, quarantined; /* buffers */
    bool has_domain, strict;
};
/* Pool `index` below POOLS_MAX; false: none is there. */
bool pool_view(uint32_t index, struct pool_view *view);

/* Where a buffer is in its owner's space. */
static inline uint64_t pool_buffer_address(const struct pool *pool, uint32_t slot)
{
    return pool->mapping.virtual + (uint64_t)slot * pool->core.buffer_bytes;
}

/* What the driver writes into a descriptor for it: the device's name of the buffer. Without an IOMMU that is the
 * physical address; where no device is, there is none: 0. */
static inline uint64_t pool_buffer_token(const struct pool *pool, uint32_t slot)
{
    return pool->name == 0 ? 0 : pool->name + (uint64_t)slot * pool->core.buffer_bytes;
}

static inline uint64_t pool_buffer_physical(const struct pool *pool, uint32_t slot)
{
    return pool->physical + (uint64_t)slot * pool->core.buffer_bytes;
}

#endif
