/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver's virtqueue against a device that answers, and one that lies in its used ring.
 */
#include <user/drivers/virtio_blk/virtq.h>

#include "unit.h"

enum {
    TOKEN = 0x7000000,
    SIZE = 256,
};

struct world {
    struct virtq queue;
    uint64_t memory[4096];
};

static struct world w;

static int start(void **state)
{
    (void)state;
    memset(&w, 0, sizeof(w));
    struct virtq_layout layout = virtq_layout(SIZE, VIRTQ_DIRECT);
    assert_true(layout.bytes <= sizeof(w.memory));
    struct tn_dma_shared memory = {.data = (uint8_t *)w.memory, .length = layout.bytes, .token = {.bits = TOKEN}};
    virtq_init(&w.queue, memory, SIZE, VIRTQ_DIRECT);
    return 0;
}

static struct virtq_desc *desc(uint32_t i)
{
    return (struct virtq_desc *)(void *)((uint8_t *)w.memory + w.queue.layout.desc) + i;
}
static struct virtq_avail *avail(void)
{
    return (struct virtq_avail *)(void *)((uint8_t *)w.memory + w.queue.layout.avail);
}
static struct virtq_used *used(void)
{
    return (struct virtq_used *)(void *)((uint8_t *)w.memory + w.queue.layout.used);
}
static uint8_t *status_byte(uint32_t slot)
{
    return (uint8_t *)w.memory + w.queue.layout.statuses + slot;
}

static uint16_t add(uint32_t length, enum tn_direction direction)
{
    const struct virtq_request request = {
        .type = direction == TN_TO_DEVICE ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN,
        .sector = 7,
        .token = {.bits = 0x9000000},
        .length = length,
        .direction = direction,
    };
    return virtq_add(&w.queue, &request);
}

/* The device's side: one element into the used ring. */
static void answer(uint32_t id, uint32_t len, uint8_t status)
{
    used()->ring[used()->idx % SIZE] = (struct virtq_used_elem){.id = id, .len = len};
    if (id / 3 < VIRTQ_REQUESTS_MAX)
        *status_byte(id / 3) = status;
    used()->idx++;
}

static void expect_lie(enum virtq_lie want, uint32_t want_value)
{
    struct virtq before = w.queue;
    struct virtq_done done;
    enum virtq_lie lie = VIRTQ_HONEST;
    uint32_t value = 0;
    assert_int_equal(virtq_take(&w.queue, &done, &lie, &value), TN_EPROTOCOL);
    assert_int_equal(lie, want);
    assert_int_equal(value, want_value);
    assert_memory_equal(&before, &w.queue, sizeof(before));
    assert_string_not_equal(virtq_lie_text(lie), "?");
}

static struct virtq_done take(void)
{
    struct virtq_done done;
    enum virtq_lie lie;
    uint32_t value;
    assert_int_equal(virtq_take(&w.queue, &done, &lie, &value), TN_OK);
    return done;
}

static void expect_nothing(void)
{
    struct virtq_done done;
    enum virtq_lie lie;
    uint32_t value;
    assert_int_equal(virtq_take(&w.queue, &done, &lie, &value), TN_EAGAIN);
}

static void sizes_are_powers_of_two_that_the_device_offers(void **state)
{
    (void)state;
    assert_int_equal(virtq_size(0), 0);
    assert_int_equal(virtq_size(3), 0);
    assert_int_equal(virtq_size(4), 4);
    assert_int_equal(virtq_size(255), 128);
    assert_int_equal(virtq_size(256), 256);
    assert_int_equal(virtq_size(1024), 512);
    assert_int_equal(virtq_size(0x8000), 512);
    for (uint32_t size = 4; size <= 512; size *= 2) {
        struct virtq_layout l = virtq_layout(size, VIRTQ_DIRECT);
        assert_int_equal(l.desc % 16, 0);
        assert_int_equal(l.avail % 2, 0);
        assert_int_equal(l.used % 4, 0);
        assert_true(l.used >= l.avail + 6 + 2 * size);
        assert_true(l.headers >= l.used + 6 + 8 * size);
        assert_true(l.statuses >= l.headers + 16 * (size / 3 < 128 ? size / 3 : 128));
    }
}

static void a_read_is_three_descriptors_and_its_payload_is_only_named(void **state)
{
    (void)state;
    uint16_t slot = add(4096, TN_FROM_DEVICE);
    uint32_t d = slot * 3u;
    assert_int_equal(desc(d)->addr, TOKEN + w.queue.layout.headers + slot * 16u);
    assert_int_equal(desc(d)->len, 16);
    assert_int_equal(desc(d)->flags, VIRTQ_DESC_F_NEXT);
    assert_int_equal(desc(d)->next, d + 1);
    assert_int_equal(desc(d + 1)->addr, 0x9000000);
    assert_int_equal(desc(d + 1)->len, 4096);
    assert_int_equal(desc(d + 1)->flags, VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE);
    assert_int_equal(desc(d + 1)->next, d + 2);
    assert_int_equal(desc(d + 2)->addr, TOKEN + w.queue.layout.statuses + slot);
    assert_int_equal(desc(d + 2)->len, 1);
    assert_int_equal(desc(d + 2)->flags, VIRTQ_DESC_F_WRITE);
    assert_int_equal(avail()->idx, 0); /* not before it is published */
    assert_int_equal(virtq_publish(&w.queue), VIRTQ_NOTIFY);
    assert_int_equal(avail()->idx, 1);
    assert_int_equal(avail()->ring[0], d);
}

static void the_device_cannot_write_into_what_it_should_read(void **state)
{
    (void)state;
    uint32_t d = add(4096, TN_TO_DEVICE) * 3u;
    assert_int_equal(desc(d)->flags & VIRTQ_DESC_F_WRITE, 0);
    assert_int_equal(desc(d + 1)->flags, VIRTQ_DESC_F_NEXT);
}

static void a_flush_has_no_data(void **state)
{
    (void)state;
    const struct virtq_request flush = {.type = VIRTIO_BLK_T_FLUSH, .direction = TN_NO_DATA};
    uint32_t d = virtq_add(&w.queue, &flush) * 3u;
    assert_int_equal(desc(d)->next, d + 2);
    assert_int_equal(virtq_publish(&w.queue), VIRTQ_NOTIFY);
    answer(d, 1, VIRTIO_BLK_S_OK);
    assert_int_equal(take().written, 0);
}

static void a_device_that_wants_no_notification_gets_none(void **state)
{
    (void)state;
    (void)add(512, TN_FROM_DEVICE);
    used()->flags = VIRTQ_USED_F_NO_NOTIFY;
    assert_int_equal(virtq_publish(&w.queue), VIRTQ_QUIET);
}

static void requests_end_in_any_order_and_their_slots_are_used_again(void **state)
{
    (void)state;
    assert_int_equal(w.queue.requests, 85);
    for (int round = 0; round < 2000; round++) { /* past the wrap of the 16-bit indices */
        uint16_t slot[85];
        for (uint32_t i = 0; i < 85; i++)
            slot[i] = add(512, TN_FROM_DEVICE);
        assert_int_equal(w.queue.in_flight, 85);
        (void)virtq_publish(&w.queue);
        for (uint32_t i = 85; i > 0; i--)
            answer(slot[i - 1] * 3u, 513, VIRTIO_BLK_S_OK);
        for (uint32_t i = 85; i > 0; i--) {
            struct virtq_done done = take();
            assert_int_equal(done.slot, slot[i - 1]);
            assert_int_equal(done.written, 512);
        }
        expect_nothing();
    }
    assert_int_equal(w.queue.in_flight, 0);
}

static void g7_a_used_index_beyond_what_is_in_flight_is_a_lie(void **state)
{
    (void)state;
    used()->idx = 1;
    expect_lie(VIRTQ_TOO_MANY, 1);
    (void)add(512, TN_FROM_DEVICE);
    used()->idx = 2;
    expect_lie(VIRTQ_TOO_MANY, 2);
    used()->idx = 0xffff; /* backwards */
    expect_lie(VIRTQ_TOO_MANY, 0xffff);
}

static void g7_a_used_id_out_of_range_is_refused_not_masked(void **state)
{
    (void)state;
    (void)add(512, TN_FROM_DEVICE);
    const uint32_t ids[] = {1, 2, 85 * 3, 256, 258, 65536, 65536 * 3, UINT32_MAX, UINT32_MAX - 2};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        used()->idx = 0;
        answer(ids[i], 513, VIRTIO_BLK_S_OK);
        expect_lie(VIRTQ_BAD_ID, ids[i]);
    }
}

static void g7_a_request_that_is_not_in_flight_cannot_end(void **state)
{
    (void)state;
    (void)add(512, TN_FROM_DEVICE);
    answer(3, 513, VIRTIO_BLK_S_OK); /* slot 1 was never used */
    expect_lie(VIRTQ_NOT_IN_FLIGHT, 3);
}

static void g7_a_request_cannot_end_twice(void **state)
{
    (void)state;
    (void)add(512, TN_FROM_DEVICE);
    (void)add(512, TN_FROM_DEVICE);
    answer(0, 513, VIRTIO_BLK_S_OK);
    answer(0, 513, VIRTIO_BLK_S_OK);
    assert_int_equal(take().slot, 0);
    expect_lie(VIRTQ_NOT_IN_FLIGHT, 0);
}

static void g7_a_length_that_the_request_does_not_allow_is_a_lie(void **state)
{
    (void)state;
    uint32_t read = add(512, TN_FROM_DEVICE) * 3u, write = add(512, TN_TO_DEVICE) * 3u;
    const struct {
        uint32_t id, len;
    } lies[] = {{read, 0}, {read, 514}, {read, UINT32_MAX}, {write, 0}, {write, 2}, {write, 513}};
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        used()->idx = 0;
        answer(lies[i].id, lies[i].len, VIRTIO_BLK_S_OK);
        expect_lie(VIRTQ_BAD_LENGTH, lies[i].len);
    }
}

static void g7_a_status_byte_that_was_not_written_or_is_unknown_is_a_lie(void **state)
{
    (void)state;
    uint32_t id = add(512, TN_FROM_DEVICE) * 3u;
    assert_int_equal(*status_byte(0), 0xff);
    answer(id, 513, 0xff);
    expect_lie(VIRTQ_BAD_STATUS, 0xff);
    *status_byte(0) = 3;
    expect_lie(VIRTQ_BAD_STATUS, 3);
    *status_byte(0) = VIRTIO_BLK_S_UNSUPP;
    assert_int_equal(take().status, VIRTIO_BLK_S_UNSUPP);
}

static void the_indirect_form_has_a_table_a_slot_and_ids_that_are_slots(void **state)
{
    (void)state;
    struct virtq_layout l = virtq_layout(SIZE, VIRTQ_INDIRECT);
    assert_int_equal(l.requests, VIRTQ_REQUESTS_MAX);
    assert_true(l.bytes <= sizeof(w.memory) && l.tables >= l.used + 6 + 8 * SIZE && l.tables % 16 == 0);
    assert_true(l.headers >= l.tables + 48 * l.requests);
    memset(&w, 0, sizeof(w));
    struct tn_dma_shared memory = {.data = (uint8_t *)w.memory, .length = l.bytes, .token = {.bits = TOKEN}};
    virtq_init(&w.queue, memory, SIZE, VIRTQ_INDIRECT);
    const struct virtq_desc *tables = (const struct virtq_desc *)(void *)((uint8_t *)w.memory + l.tables);
    for (uint16_t i = 0; i < VIRTQ_REQUESTS_MAX; i++) {
        assert_int_equal(add(4096, TN_FROM_DEVICE), i);
        assert_int_equal(avail()->ring[i], i);
        assert_int_equal(desc(i)->addr, TOKEN + l.tables + 48u * i);
        assert_int_equal(desc(i)->len, 48);
        assert_int_equal(desc(i)->flags, VIRTQ_DESC_F_INDIRECT);
        const struct virtq_desc *chain = tables + 3 * i;
        assert_int_equal(chain[0].addr, TOKEN + l.headers + 16u * i);
        assert_int_equal(chain[0].flags, VIRTQ_DESC_F_NEXT);
        assert_int_equal(chain[0].next, 1);
        assert_int_equal(chain[1].addr, 0x9000000);
        assert_int_equal(chain[1].len, 4096);
        assert_int_equal(chain[1].flags, VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE);
        assert_int_equal(chain[1].next, 2);
        assert_int_equal(chain[2].addr, TOKEN + l.statuses + i);
        assert_int_equal(chain[2].flags, VIRTQ_DESC_F_WRITE);
    }
    virtq_publish(&w.queue);
    used()->ring[0] = (struct virtq_used_elem){.id = VIRTQ_REQUESTS_MAX, .len = 4097};
    used()->idx = 1;
    expect_lie(VIRTQ_BAD_ID, VIRTQ_REQUESTS_MAX);
    used()->ring[0] = (struct virtq_used_elem){.id = 127, .len = 4097};
    *status_byte(127) = VIRTIO_BLK_S_OK;
    struct virtq_done done;
    enum virtq_lie lie;
    uint32_t value;
    assert_ok(virtq_take(&w.queue, &done, &lie, &value));
    assert_int_equal(done.slot, 127);
    assert_int_equal(done.written, 4096);
    assert_int_equal(add(512, TN_TO_DEVICE), 127); /* the slot is used again, its chain turned round */
    assert_int_equal(tables[3 * 127 + 1].flags, VIRTQ_DESC_F_NEXT);
    assert_int_equal(tables[3 * 127 + 1].len, 512);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_indirect_form_has_a_table_a_slot_and_ids_that_are_slots),
    cmocka_unit_test_setup(sizes_are_powers_of_two_that_the_device_offers, start),
    cmocka_unit_test_setup(a_read_is_three_descriptors_and_its_payload_is_only_named, start),
    cmocka_unit_test_setup(the_device_cannot_write_into_what_it_should_read, start),
    cmocka_unit_test_setup(a_flush_has_no_data, start),
    cmocka_unit_test_setup(a_device_that_wants_no_notification_gets_none, start),
    cmocka_unit_test_setup(requests_end_in_any_order_and_their_slots_are_used_again, start),
    cmocka_unit_test_setup(g7_a_used_index_beyond_what_is_in_flight_is_a_lie, start),
    cmocka_unit_test_setup(g7_a_used_id_out_of_range_is_refused_not_masked, start),
    cmocka_unit_test_setup(g7_a_request_that_is_not_in_flight_cannot_end, start),
    cmocka_unit_test_setup(g7_a_request_cannot_end_twice, start),
    cmocka_unit_test_setup(g7_a_length_that_the_request_does_not_allow_is_a_lie, start),
    cmocka_unit_test_setup(g7_a_status_byte_that_was_not_written_or_is_unknown_is_a_lie, start),
};

UNIT_MAIN(tests)
