/* SPDX-License-Identifier: Apache-2.0 */
/* See virtio_blk.h. */
#include "virtio_blk.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    VENDOR_ID = 0x1af4,
    DEVICE_ID = 0x1042,
    CLASS_CODE = 0x010000,
    VENDOR_CAPABILITY = 0x09,
    /* in the BAR; MSI-X is behind them */
    COMMON = 0x0000,
    COMMON_BYTES = 0x38,
    CONFIG = 0x0100,
    CONFIG_BYTES = 24,
    NOTIFY = 0x1000,
    NOTIFY_BYTES = 0x1000,
    NO_VECTOR = 0xffff,
    DESC_NEXT = 1,
    DESC_WRITE = 2,
    DESC_INDIRECT = 4,
    SECTOR = 512,
    CHAIN_MAX = 3,
    TYPE_IN = 0,
    TYPE_OUT = 1,
    TYPE_FLUSH = 4,
    NEEDS_RESET = 64,
    STORM = 2000,
    STORM_NS = 300,
    LINGER_NS = 100000, /* how much later a late lie is told, at most */
};
#define LATE_NS UINT64_C(120000000) /* a function level reset takes 100 ms */
#define FEATURES                                                                                                       \
    (UINT64_C(1) << 9 | UINT64_C(1) << 28 | UINT64_C(1) << 32 |                                                        \
     UINT64_C(1) << 33) /* FLUSH, INDIRECT, VERSION_1, ACCESS_PLATFORM */

struct desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags, next;
};

static uint64_t random_below(struct sim_virtio_blk *d, uint64_t n)
{
    d->random = d->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (d->random >> 33) % n;
}

static bool lies(struct sim_virtio_blk *d, enum sim_lie lie)
{
    if (d->lie != lie || d->answers < d->lie_from || d->told >= d->lie_times)
        return false;
    d->told++;
    return true;
}

static bool dma_read(const struct sim_virtio_blk *d, uint64_t iova, void *to, uint64_t bytes)
{
    return sim_dma(&d->function, iova, to, bytes, false);
}

static bool dma_write(const struct sim_virtio_blk *d, uint64_t iova, const void *from, uint64_t bytes)
{
    return sim_dma(&d->function, iova, (void *)(uintptr_t)from, bytes, true);
}

static void garbage(struct sim_virtio_blk *d, uint64_t iova, uint64_t bytes)
{
    uint8_t what[SECTOR];
    memset(what, 0xee, sizeof what);
    (void)dma_write(d, iova, what, bytes < sizeof what ? bytes : sizeof what);
}

/* ---- answers ---- */

static void interrupt(struct sim_virtio_blk *d)
{
    if (d->queue_vector < SIM_MSIX_ENTRIES)
        sim_interrupt(&d->function, d->queue_vector);
}

static void push_used(struct sim_virtio_blk *d, uint32_t id, uint32_t length)
{
    const uint32_t element[2] = {id, length};
    (void)dma_write(d, d->used + 4 + (uint64_t)(d->used_next % d->queue_size) * 8, element, sizeof element);
    d->used_next++;
    (void)dma_write(d, d->used + 2, &d->used_next, sizeof d->used_next);
}

/* The data and the status byte; how many bytes were written. */
static uint32_t do_request(struct sim_virtio_blk *d, const struct sim_request *r)
{
    uint8_t status = 0;
    uint32_t written = 1;
    bool is_inside = r->sector <= d->disk_bytes / SECTOR && r->data_bytes <= d->disk_bytes - r->sector * SECTOR;
    uint8_t *at = d->disk + (is_inside ? r->sector * SECTOR : 0);
    if ((r->type == TYPE_IN || r->type == TYPE_OUT) && !is_inside) {
        status = 1;
    } else if (r->type == TYPE_IN) {
        (void)dma_write(d, r->data, at, r->data_bytes);
        written += r->data_bytes;
    } else if (r->type == TYPE_OUT) {
        (void)dma_read(d, r->data, at, r->data_bytes);
    } else if (r->type != TYPE_FLUSH) {
        status = 2;
    } else if (d->durable) {
        memcpy(d->durable, d->disk, d->disk_bytes);
    }
    if (lies(d, SIM_BAD_STATUS))
        status = 77;
    (void)dma_write(d, r->status, &status, 1);
    return written;
}

static void write_later(struct machine_event *event)
{
    struct sim_virtio_blk *d =
        (struct sim_virtio_blk *)(void *)((uint8_t *)event - offsetof(struct sim_virtio_blk, later));
    if (d->lie == SIM_AFTER_END)
        garbage(d, d->later_iova, d->later_bytes);
    for (uint32_t i = 0; d->lie == SIM_AFTER_RESET && i < d->known_count && i < 16; i++)
        garbage(d, d->known[i].iova, d->known[i].bytes);
}

static void storm(struct machine_event *event)
{
    struct sim_virtio_blk *d =
        (struct sim_virtio_blk *)(void *)((uint8_t *)event - offsetof(struct sim_virtio_blk, storm));
    interrupt(d);
    if (--d->storm_left != 0)
        machine_at(&d->storm, machine_now() + STORM_NS);
}

static void answer(struct machine_event *event)
{
    struct sim_request *r = (struct sim_request *)event;
    struct sim_virtio_blk *d = r->device;
    if (!r->is_taken || d->status == 0) {
        if (d->lie != SIM_LATE || !r->is_taken)
            return;
    }
    r->is_taken = false;
    uint32_t written = do_request(d, r);
    d->answers++;
    if (lies(d, SIM_TOO_LONG))
        written += r->data_bytes + 1;
    uint16_t id = r->head;
    if (lies(d, SIM_WRONG_ID))
        id = (uint16_t)(d->queue_size + random_below(d, 1000));
    if (lies(d, SIM_WRONG_SLOT))
        id = (uint16_t)((r->head + 1 + random_below(d, d->queue_size - 1u)) % d->queue_size);
    push_used(d, id, written);
    if (lies(d, SIM_TWICE))
        push_used(d, id, written);
    if (lies(d, SIM_REPLAY))
        push_used(d, d->head_before, written);
    if (lies(d, SIM_INDEX)) {
        d->used_next = (uint16_t)(d->used_next + 300);
        (void)dma_write(d, d->used + 2, &d->used_next, sizeof d->used_next);
    }
    if (lies(d, SIM_WILD)) {
        uint8_t byte[64];
        garbage(d, UINT64_C(0x200000) + random_below(d, 1 << 20) * 16, 64);
        (void)dma_read(d, random_below(d, 1 << 20) * 4096, byte, sizeof byte);
        garbage(d, d->used + (UINT64_C(1) << 20), 64);
    }
    if (r->data_bytes != 0 && r->type == TYPE_IN && !d->later.is_set && lies(d, SIM_AFTER_END)) {
        d->later_iova = r->data;
        d->later_bytes = r->data_bytes;
        machine_at(&d->later, machine_now() + random_below(d, LINGER_NS));
    }
    d->head_before = d->head_last;
    d->head_last = r->head;
    interrupt(d);
    if (lies(d, SIM_STORM)) {
        d->storm_left = STORM;
        machine_at(&d->storm, machine_now());
    }
}

/* ---- requests ---- */

static bool read_desc(const struct sim_virtio_blk *d, uint64_t table, uint32_t n, struct desc *desc)
{
    return dma_read(d, table + (uint64_t)n * sizeof *desc, desc, sizeof *desc);
}

static void note(struct sim_virtio_blk *d, const struct desc *desc)
{
    if (desc->flags & DESC_WRITE && d->known_count < SIM_TOLD_MAX) {
        d->known[d->known_count].iova = desc->addr;
        d->known[d->known_count++].bytes = desc->len;
    }
}

/* The chain of a request: header, perhaps data, status byte. */
static bool take_request(struct sim_virtio_blk *d, uint16_t head, struct sim_request *r)
{
    struct desc desc[CHAIN_MAX];
    uint64_t table = d->desc;
    uint32_t n = 0;
    if (!read_desc(d, table, head, &desc[0]))
        return false;
    if (desc[0].flags & DESC_INDIRECT) {
        table = desc[0].addr;
        if (!read_desc(d, table, 0, &desc[0]))
            return false;
    }
    while (desc[n].flags & DESC_NEXT) {
        if (n + 1 == CHAIN_MAX || !read_desc(d, table, desc[n].next, &desc[n + 1]))
            return false;
        n++;
    }
    struct {
        uint32_t type, reserved;
        uint64_t sector;
    } header;
    if (n == 0 || !dma_read(d, desc[0].addr, &header, sizeof header))
        return false;
    for (uint32_t i = 0; i <= n; i++)
        note(d, &desc[i]);
    r->head = head;
    r->type = header.type;
    r->sector = header.sector;
    r->data = desc[1].addr;
    r->data_bytes = n == 2 ? desc[1].len : 0;
    r->status = desc[n].addr;
    return true;
}

static void look(struct machine_event *event)
{
    struct sim_virtio_blk *d =
        (struct sim_virtio_blk *)(void *)((uint8_t *)event - offsetof(struct sim_virtio_blk, look));
    uint16_t avail;
    if (d->status == 0 || d->queue_enable == 0 || !dma_read(d, d->avail + 2, &avail, sizeof avail))
        return;
    while (d->avail_next != avail) {
        uint16_t head;
        struct sim_request *r = NULL;
        if (!dma_read(d, d->avail + 4 + (uint64_t)(d->avail_next % d->queue_size) * 2, &head, sizeof head))
            return;
        for (uint32_t i = 0; i < SIM_QUEUE_MAX && !r; i++)
            if (!d->request[i].is_taken)
                r = &d->request[i];
        if (!r || !take_request(d, head, r))
            return;
        d->avail_next++;
        r->device = d;
        r->event.run = answer;
        r->is_taken = true;
        uint64_t takes = 1000 + random_below(d, 50000);
        if (lies(d, SIM_LATE))
            takes += LATE_NS;
        machine_at(&r->event, machine_now() + takes);
    }
}

/* ---- registers ---- */

static void reset(void *model)
{
    struct sim_virtio_blk *d = model;
    d->resets++;
    if (d->durable)
        memcpy(d->disk, d->durable, d->disk_bytes);
    if (d->lie != SIM_LATE)
        for (uint32_t i = 0; i < SIM_QUEUE_MAX; i++)
            d->request[i].is_taken = false;
    d->status = 0;
    d->queue_enable = 0;
    d->avail_next = d->used_next = 0;
    d->config_vector = d->queue_vector = NO_VECTOR;
    d->queue_size = SIM_QUEUE_MAX;
    d->driver_features = 0;
    if (lies(d, SIM_AFTER_RESET))
        machine_at(&d->later, machine_now() + LINGER_NS);
}

static uint32_t read(void *model, uint64_t offset)
{
    struct sim_virtio_blk *d = model;
    uint64_t sectors = d->disk_bytes / SECTOR;
    switch (offset) {
    case COMMON + 0x00:
        return d->device_feature_select;
    case COMMON + 0x04:
        return d->device_feature_select < 2 ? (uint32_t)(FEATURES >> 32 * d->device_feature_select) : 0;
    case COMMON + 0x08:
        return d->driver_feature_select;
    case COMMON + 0x0c:
        return d->driver_feature_select < 2 ? (uint32_t)(d->driver_features >> 32 * d->driver_feature_select) : 0;
    case COMMON + 0x10:
        return d->config_vector | UINT32_C(1) << 16; /* one queue */
    case COMMON + 0x14:
        return d->is_stuck ? d->status | NEEDS_RESET : d->status;
    case COMMON + 0x18:
        return d->queue_size | (uint32_t)d->queue_vector << 16;
    case COMMON + 0x1c:
        return d->queue_enable;
    case CONFIG:
        return (uint32_t)sectors;
    case CONFIG + 4:
        return (uint32_t)(sectors >> 32);
    default:
        return 0;
    }
}

static void write_half(uint64_t *to, uint64_t offset, uint64_t value)
{
    *to = offset % 8 == 0 ? (*to & UINT64_C(0xffffffff00000000)) | (uint32_t)value : (uint32_t)*to | value << 32;
}

static void write(void *model, uint64_t offset, uint32_t width, uint64_t value)
{
    struct sim_virtio_blk *d = model;
    (void)width;
    switch (offset) {
    case COMMON + 0x00:
        d->device_feature_select = (uint32_t)value;
        break;
    case COMMON + 0x08:
        d->driver_feature_select = (uint32_t)value;
        break;
    case COMMON + 0x0c:
        if (d->driver_feature_select < 2)
            d->driver_features |= (uint64_t)(uint32_t)value << 32 * d->driver_feature_select;
        break;
    case COMMON + 0x10:
        d->config_vector = (uint16_t)value;
        break;
    case COMMON + 0x14:
        if (value == 0 && lies(d, SIM_DEAF))
            d->is_stuck = true;
        if (value == 0)
            reset(d);
        else
            d->status = (uint8_t)value;
        break;
    case COMMON + 0x18:
        d->queue_size = (uint16_t)value;
        break;
    case COMMON + 0x1a:
        d->queue_vector = (uint16_t)value;
        break;
    case COMMON + 0x1c:
        d->queue_enable = (uint16_t)value;
        break;
    case COMMON + 0x20:
    case COMMON + 0x24:
        write_half(&d->desc, offset, value);
        break;
    case COMMON + 0x28:
    case COMMON + 0x2c:
        write_half(&d->avail, offset, value);
        break;
    case COMMON + 0x30:
    case COMMON + 0x34:
        write_half(&d->used, offset, value);
        break;
    case NOTIFY:
        machine_at(&d->look, machine_now() + 500);
        break;
    default:
        break;
    }
}

/* ---- */

/* 4.1.4: one structure of the function. */
static void add_structure(struct sim_function *f, uint8_t type, uint32_t offset, uint32_t bytes, uint32_t extra)
{
    uint32_t at = sim_capability(f, VENDOR_CAPABILITY, 16 + extra);
    f->config[at + 2] = (uint8_t)(16 + extra);
    f->config[at + 3] = type;
    sim_put32(f->config + at + 8, offset);
    sim_put32(f->config + at + 12, bytes);
}

void sim_virtio_blk_init(struct sim_virtio_blk *d, uint32_t device, uint64_t disk_bytes, uint64_t seed)
{
    *d = (struct sim_virtio_blk){
        .disk = calloc(1, disk_bytes),
        .disk_bytes = disk_bytes,
        .random = seed,
        .look.run = look,
        .later.run = write_later,
        .storm.run = storm,
        .function = {.read = read, .write = write, .reset = reset, .model = d},
    };
    if (!d->disk)
        abort();
    sim_function_init(&d->function, device, VENDOR_ID, DEVICE_ID, CLASS_CODE);
    sim_add_msix(&d->function);
    sim_add_express(&d->function);
    add_structure(&d->function, 1, COMMON, COMMON_BYTES, 0);
    add_structure(&d->function, 2, NOTIFY, NOTIFY_BYTES, 4);
    add_structure(&d->function, 4, CONFIG, CONFIG_BYTES, 0);
    reset(d);
    d->resets = 0;
}

void sim_virtio_blk_drops_cache(struct sim_virtio_blk *d)
{
    d->durable = calloc(1, d->disk_bytes);
    if (!d->durable)
        abort();
}
