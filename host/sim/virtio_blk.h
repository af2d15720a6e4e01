/* SPDX-License-Identifier: Apache-2.0 */
/* A virtio block device in software (VIRTIO 1.2, sections 2.7, 4.1 and 5.2), and the lies that it can tell. */
#ifndef TENURE_SIM_VIRTIO_BLK_H
#define TENURE_SIM_VIRTIO_BLK_H

#include "pci.h"

enum sim_lie {
    SIM_HONEST,
    SIM_REPLAY,      /* says of a request that ended before the last one that it has ended, once more */
    SIM_TWICE,       /* says of each request twice that it has ended */
    SIM_WRONG_ID,    /* says it of a descriptor that is no request's */
    SIM_WRONG_SLOT,  /* says it of another request's first descriptor, which is not in flight or not done */
    SIM_TOO_LONG,    /* has written more than it could */
    SIM_BAD_STATUS,  /* a status byte that there is not */
    SIM_INDEX,       /* the used index runs away */
    SIM_LATE,        /* the answer comes after the reset, with its data, its used element and its interrupt */
    SIM_AFTER_END,   /* writes into a buffer again once it has ended */
    SIM_AFTER_RESET, /* writes to all it was ever told of, reset or not */
    SIM_WILD,        /* reads and writes where nobody told it to */
    SIM_STORM,       /* interrupts, thousands */
    SIM_DEAF,        /* does not come out of its own reset */
    SIM_LIES
};

enum {
    SIM_QUEUE_MAX = 256,
    SIM_TOLD_MAX = 512,
};

struct sim_virtio_blk;

/* A request that the device has taken: its answer is an event. */
struct sim_request {
    struct machine_event event; /* first */
    struct sim_virtio_blk *device;
    bool is_taken;
    uint16_t head;
    uint32_t type;
    uint64_t sector, data, status; /* addresses */
    uint32_t data_bytes;
};

struct sim_virtio_blk {
    struct sim_function function;
    uint8_t *disk;
    uint64_t disk_bytes;
    uint8_t *durable; /* what a reset leaves, of a disk that loses its cache then; NULL: it loses nothing */
    uint64_t random;
    /* registers */
    uint32_t device_feature_select, driver_feature_select;
    uint64_t driver_features;
    uint16_t config_vector, queue_vector, queue_size, queue_enable;
    uint8_t status;
    uint64_t desc, avail, used;
    /* the queue */
    uint16_t avail_next, used_next;
    struct sim_request request[SIM_QUEUE_MAX];
    struct machine_event look;
    /* the lie: from the `lie_from`-th answer on, `lie_times` times */
    enum sim_lie lie;
    uint64_t lie_from, lie_times;
    uint64_t answers, told, resets;
    uint16_t head_before; /* of the request that ended before the last one */
    uint16_t head_last;
    bool is_stuck; /* SIM_DEAF */
    struct {
        uint64_t iova;
        uint32_t bytes;
    } known[SIM_TOLD_MAX]; /* where it was told to write */
    uint32_t known_count;
    struct machine_event later, storm;
    uint32_t storm_left;
    uint64_t later_iova, later_bytes;
};

/* From here on only what a FLUSH has covered outlives a reset. */
void sim_virtio_blk_drops_cache(struct sim_virtio_blk *d);
void sim_virtio_blk_init(struct sim_virtio_blk *d, uint32_t device, uint64_t disk_bytes, uint64_t seed);

#endif
