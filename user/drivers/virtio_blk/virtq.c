/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bookkeeping of the virtqueue. Registers, interrupts and the meaning of requests are left to the rest of the
 * driver.
 */
#include "virtq.h"

#include <barrier.h>

enum {
    NO_SLOT = 0xffff,
    STATUS_UNWRITTEN = 0xff, /* put into the status byte before the device has it; no answer of 5.2.6 */
};

uint32_t virtq_size(uint32_t offered)
{
    uint32_t size = VIRTQ_SIZE_MAX;
    while (size > offered && size >= VIRTQ_SIZE_MIN)
        size /= 2;
    return size >= VIRTQ_SIZE_MIN ? size : 0;
}

static uint32_t align(uint32_t value, uint32_t to)
{
    return (value + to - 1) / to * to;
}

static uint32_t requests_of(uint32_t size, enum virtq_form form)
{
    uint32_t requests = form == VIRTQ_INDIRECT ? size : size / VIRTQ_DESCRIPTORS_EACH;
    return requests < VIRTQ_REQUESTS_MAX ? requests : VIRTQ_REQUESTS_MAX;
}

struct virtq_layout virtq_layout(uint32_t size, enum virtq_form form)
{
    /* 2.7: descriptor table aligned to 16, available ring to 2, used ring to 4. Both rings end with an event index.
     * Each part starts on a cache line of its own, for the device and the CPU write different ones. */
    uint32_t requests = requests_of(size, form);
    uint32_t table_bytes = form == VIRTQ_INDIRECT ? VIRTQ_DESCRIPTORS_EACH * (uint32_t)sizeof(struct virtq_desc) : 0;
    struct virtq_layout layout = {.desc = 0, .requests = requests};
    layout.avail = layout.desc + size * (uint32_t)sizeof(struct virtq_desc);
    layout.used = align(layout.avail + 6 + 2 * size, 64);
    layout.tables = align(layout.used + 6 + (uint32_t)sizeof(struct virtq_used_elem) * size, 64);
    layout.headers = align(layout.tables + requests * table_bytes, 64);
    layout.statuses = align(layout.headers + requests * (uint32_t)sizeof(struct virtio_blk_req), 64);
    layout.bytes = layout.statuses + requests;
    return layout;
}

static volatile struct virtq_desc *desc_at(const struct virtq *queue, uint32_t i)
{
    return (volatile struct virtq_desc *)(void *)(queue->memory.data + queue->layout.desc) + i;
}
static volatile struct virtq_avail *avail_of(const struct virtq *queue)
{
    return (volatile struct virtq_avail *)(void *)(queue->memory.data + queue->layout.avail);
}
static volatile struct virtq_used *used_of(const struct virtq *queue)
{
    return (volatile struct virtq_used *)(void *)(queue->memory.data + queue->layout.used);
}
static volatile struct virtio_blk_req *header_at(const struct virtq *queue, uint32_t slot)
{
    return (volatile struct virtio_blk_req *)(void *)(queue->memory.data + queue->layout.headers) + slot;
}
static volatile uint8_t *status_at(const struct virtq *queue, uint32_t slot)
{
    return queue->memory.data + queue->layout.statuses + slot;
}

/* Places in a chain. */
enum {
    CHAIN_HEADER = 0,
    CHAIN_DATA = 1,
    CHAIN_STATUS = 2,
};

/* What `next` counts from: the queue's table, or the slot's own. */
static uint16_t chain_base(const struct virtq *queue, uint32_t slot)
{
    return queue->form == VIRTQ_INDIRECT ? 0 : (uint16_t)(slot * VIRTQ_DESCRIPTORS_EACH);
}

static volatile struct virtq_desc *chain_at(const struct virtq *queue, uint32_t slot, uint32_t place)
{
    uint32_t i = slot * VIRTQ_DESCRIPTORS_EACH + place;
    if (queue->form == VIRTQ_DIRECT)
        return desc_at(queue, i);
    return (volatile struct virtq_desc *)(void *)(queue->memory.data + queue->layout.tables) + i;
}

static void write_desc(volatile struct virtq_desc *desc, const struct virtq_desc *value)
{
    desc->addr = value->addr;
    desc->len = value->len;
    desc->flags = value->flags;
    desc->next = value->next;
}

/* 5.2.6: header (device reads), data, one status byte (device writes). Header and status stay where they are. */
static void prepare_chain(const struct virtq *queue, uint32_t slot)
{
    struct tn_dma_token shared = queue->memory.token;
    uint64_t header = queue->layout.headers + slot * sizeof(struct virtio_blk_req);
    write_desc(chain_at(queue, slot, CHAIN_HEADER),
               &(struct virtq_desc){.addr = tn_dma_post(shared, header, TN_TO_DEVICE),
                                    .len = sizeof(struct virtio_blk_req),
                                    .flags = VIRTQ_DESC_F_NEXT});
    write_desc(chain_at(queue, slot, CHAIN_STATUS),
               &(struct virtq_desc){.addr = tn_dma_post(shared, queue->layout.statuses + slot, TN_FROM_DEVICE),
                                    .len = 1,
                                    .flags = VIRTQ_DESC_F_WRITE});
    if (queue->form == VIRTQ_INDIRECT) {
        uint64_t table = queue->layout.tables + slot * VIRTQ_DESCRIPTORS_EACH * sizeof(struct virtq_desc);
        write_desc(desc_at(queue, slot), &(struct virtq_desc){.addr = tn_dma_post(shared, table, TN_TO_DEVICE),
                                                              .len = VIRTQ_DESCRIPTORS_EACH * sizeof(struct virtq_desc),
                                                              .flags = VIRTQ_DESC_F_INDIRECT});
    }
}

void virtq_init(struct virtq *queue, struct tn_dma_shared memory, uint32_t size, enum virtq_form form)
{
    *queue = (struct virtq){
        .memory = memory,
        .layout = virtq_layout(size, form),
        .size = size,
        .form = form,
        .requests = requests_of(size, form),
    };
    for (uint32_t i = 0; i < queue->requests; i++) {
        queue->slot[i].next_free = (uint16_t)(i + 1 < queue->requests ? i + 1 : NO_SLOT);
        prepare_chain(queue, i);
    }
}

/* 2.7.4.2: what the device reads stands before what it writes. */
static void write_chain(const struct virtq *queue, uint32_t slot, const struct virtq_request *request)
{
    uint16_t base = chain_base(queue, slot);
    uint16_t status = (uint16_t)(base + CHAIN_STATUS);
    chain_at(queue, slot, CHAIN_HEADER)->next = request->length > 0 ? (uint16_t)(base + CHAIN_DATA) : status;
    if (request->length == 0)
        return;
    uint16_t write = request->direction == TN_FROM_DEVICE ? VIRTQ_DESC_F_WRITE : 0;
    write_desc(chain_at(queue, slot, CHAIN_DATA),
               &(struct virtq_desc){.addr = tn_dma_post(request->token, 0, request->direction),
                                    .len = request->length,
                                    .flags = (uint16_t)(VIRTQ_DESC_F_NEXT | write),
                                    .next = status});
}

/* The descriptor that stands for a slot in both rings. */
static uint16_t head_of(const struct virtq *queue, uint32_t slot)
{
    return (uint16_t)(queue->form == VIRTQ_INDIRECT ? slot : slot * VIRTQ_DESCRIPTORS_EACH);
}

uint16_t virtq_add(struct virtq *queue, const struct virtq_request *request)
{
    uint16_t slot = queue->free_head;
    if (slot == NO_SLOT)
        __builtin_trap(); /* the caller counts: there are as many credits as slots */
    struct virtq_slot *s = &queue->slot[slot];
    queue->free_head = s->next_free;
    *s = (struct virtq_slot){
        .length = request->length, .next_free = NO_SLOT, .in_flight = 1, .direction = (uint8_t)request->direction};
    queue->in_flight++;
    volatile struct virtio_blk_req *header = header_at(queue, slot);
    header->type = request->type;
    header->reserved = 0;
    header->sector = request->sector;
    *status_at(queue, slot) = STATUS_UNWRITTEN;
    write_chain(queue, slot, request);
    /* 2.7.13.2: into the available ring; free-running; never more in flight than it has places */
    avail_of(queue)->ring[queue->avail_idx & (queue->size - 1)] = head_of(queue, slot);
    queue->avail_idx++;
    return slot;
}

enum virtq_doorbell virtq_publish(struct virtq *queue)
{
    dma_wmb(); /* 2.7.13.3: descriptors and ring before the index */
    avail_of(queue)->idx = queue->avail_idx;
    dma_mb(); /* 2.7.13.4.1: the index before the look at the flag */
    return used_of(queue)->flags & VIRTQ_USED_F_NO_NOTIFY ? VIRTQ_QUIET : VIRTQ_NOTIFY;
}

/* The slot that a used id stands for, or something out of range. */
static uint32_t slot_of(const struct virtq *queue, uint32_t id)
{
    if (queue->form == VIRTQ_INDIRECT)
        return id;
    return id % VIRTQ_DESCRIPTORS_EACH == 0 ? id / VIRTQ_DESCRIPTORS_EACH : UINT32_MAX;
}

/* Checks one element of the used ring against what is in flight. */
static enum virtq_lie judge(const struct virtq *queue, uint32_t id, uint32_t len, uint32_t *value)
{
    *value = id;
    if (slot_of(queue, id) >= queue->requests)
        return VIRTQ_BAD_ID;
    const struct virtq_slot *slot = &queue->slot[slot_of(queue, id)];
#ifndef TN_TWIN_LIES /* negative twin: the device is believed */
    if (!slot->in_flight)
        return VIRTQ_NOT_IN_FLIGHT;
#endif
    /* 2.7.8.2: len counts what the device wrote: the data of a read, and the status byte. */
    uint32_t writable = slot->direction == TN_FROM_DEVICE ? slot->length : 0;
    *value = len;
    if (len == 0 || len - 1 > writable)
        return VIRTQ_BAD_LENGTH;
    return VIRTQ_HONEST;
}

static enum tn_status lied(enum virtq_lie what, enum virtq_lie *lie)
{
    *lie = what;
    return TN_EPROTOCOL;
}

enum tn_status virtq_take(struct virtq *queue, struct virtq_done *done, enum virtq_lie *lie, uint32_t *value)
{
    uint16_t idx = used_of(queue)->idx;
    uint16_t waiting = (uint16_t)(idx - queue->used_idx);
    if (waiting == 0)
        return TN_EAGAIN;
    *value = idx;
    if (waiting > queue->in_flight)
        return lied(VIRTQ_TOO_MANY, lie);
    dma_rmb(); /* the index before the elements it covers */
    volatile struct virtq_used_elem *element = &used_of(queue)->ring[queue->used_idx & (queue->size - 1)];
    uint32_t id = element->id, len = element->len;
    enum virtq_lie found = judge(queue, id, len, value);
    if (found != VIRTQ_HONEST)
        return lied(found, lie);
    uint16_t slot = (uint16_t)slot_of(queue, id);
    uint8_t status = *status_at(queue, slot);
    *value = status;
    if (status > VIRTIO_BLK_S_UNSUPP)
        return lied(VIRTQ_BAD_STATUS, lie);

    *done = (struct virtq_done){.slot = slot, .status = status, .written = len - 1};
    queue->slot[slot].in_flight = 0;
    queue->slot[slot].next_free = queue->free_head;
    queue->free_head = slot;
    queue->in_flight--;
    queue->used_idx++;
    return TN_OK;
}

const char *virtq_lie_text(enum virtq_lie lie)
{
    static const char *const text[] = {
        [VIRTQ_HONEST] = "nothing wrong",
        [VIRTQ_TOO_MANY] = "used index beyond the requests in flight",
        [VIRTQ_BAD_ID] = "used id that is no request",
        [VIRTQ_NOT_IN_FLIGHT] = "used id of a request that is not in flight",
        [VIRTQ_BAD_LENGTH] = "used length that the request does not allow",
        [VIRTQ_BAD_STATUS] = "status byte that the specification does not know",
    };
    return (uint32_t)lie < sizeof(text) / sizeof(text[0]) ? text[lie] : "?";
}
