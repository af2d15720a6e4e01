/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device in a thread of its own, behind two rings of descriptors, as virtio or NVMe have them; a driver that keeps
 * them full and waits with a deadline; and the guard that would catch the driver's CPU in a buffer that the device has.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <tenure/tenure.h>

enum { ENTRIES = 16, REQUESTS = 2000, BYTES = 4096, SECOND = 1000000000 };

struct descriptor {
    uint64_t address;
    uint32_t length;
    uint32_t tag;
};
struct ring {
    struct descriptor entry[ENTRIES];
    atomic_uint tail;
};
static struct ring to_device, from_device;
static atomic_bool stop;

/* The device reverses the bytes of each request in place. */
static void *device(void *unused)
{
    for (unsigned head = 0; !atomic_load(&stop);) {
        if (head == atomic_load_explicit(&to_device.tail, memory_order_acquire))
            continue;
        struct descriptor d = to_device.entry[head++ % ENTRIES];
        unsigned char *bytes = (unsigned char *)(uintptr_t)d.address;
        for (uint32_t i = 0; i < d.length / 2; i++) {
            unsigned char first = bytes[i];
            bytes[i] = bytes[d.length - 1 - i];
            bytes[d.length - 1 - i] = first;
        }
        unsigned tail = atomic_load_explicit(&from_device.tail, memory_order_relaxed);
        from_device.entry[tail % ENTRIES] = d;
        atomic_store_explicit(&from_device.tail, tail + 1, memory_order_release);
    }
    return unused;
}

static void post(uint64_t address, uint32_t length, uint32_t tag)
{
    unsigned tail = atomic_load_explicit(&to_device.tail, memory_order_relaxed);
    to_device.entry[tail % ENTRIES] = (struct descriptor){address, length, tag};
    atomic_store_explicit(&to_device.tail, tail + 1, memory_order_release);
}

/* Answers that came and were not those that someone waited for. */
struct answers {
    unsigned head;
    bool ended[ENTRIES];
    uint32_t used[ENTRIES];
};

static enum tn_status poll_device(void *context, uint32_t tag, uint32_t *used)
{
    struct answers *answers = context;
    while (answers->head != atomic_load_explicit(&from_device.tail, memory_order_acquire)) {
        struct descriptor d = from_device.entry[answers->head++ % ENTRIES];
        answers->ended[d.tag % ENTRIES] = true;
        answers->used[d.tag % ENTRIES] = d.length;
    }
    if (!answers->ended[tag])
        return TN_EAGAIN;
    answers->ended[tag] = false;
    *used = answers->used[tag];
    return TN_OK;
}

/* True if the device reversed what was written. */
static bool round_trip(struct tn_dma_pool *pool, struct answers *answers, unsigned number)
{
    TN_DMA_BUFFER(buffer);
    TN_FENCE(fence);
    if (!tn_dma_buffer_alloc(pool, &buffer))
        return false;
    unsigned char *bytes = tn_dma_buffer_data(&buffer);
    bytes[0] = (unsigned char)number;
    bytes[BYTES - 1] = (unsigned char)~number;
    if (!tn_dma_submit(&buffer, BYTES, &fence)) {
        tn_dma_buffer_release(&buffer);
        return false;
    }
    post(tn_fence_address(&fence), BYTES, tn_fence_tag(&fence));
    if (!tn_fence_wait(&fence, poll_device, answers, 10ULL * SECOND, &buffer)) {
        tn_fence_quarantine(&fence); /* the device did not answer: it may still write */
        return false;
    }
    bytes = tn_dma_buffer_data(&buffer);
    bool right = tn_dma_buffer_used(&buffer) == BYTES && bytes[0] == (unsigned char)~number &&
                 bytes[BYTES - 1] == (unsigned char)number;
    tn_dma_buffer_release(&buffer);
    return right;
}

int main(void)
{
    const struct tn_dma_pool_config config = {
        .label = "software device", .count = ENTRIES, .buffer_bytes = BYTES, .guard = TN_GUARD_MPROTECT};
    struct tn_dma_pool *pool = tn_dma_pool_create(&config, NULL);
    struct answers answers = {0};
    pthread_t thread;
    if (pool == NULL || pthread_create(&thread, NULL, device, NULL) != 0)
        return 1;
    unsigned right = 0;
    for (unsigned i = 0; i < REQUESTS; i++)
        right += round_trip(pool, &answers, i);
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    printf("software device: %u of %d round trips right, guarded\n", right, REQUESTS);
    return tn_dma_pool_destroy(pool) != TN_OK || right != REQUESTS;
}
