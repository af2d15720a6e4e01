/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client that keeps a pointer to its buffer and uses it while its device has the buffer. With the guard the kernel
 * ends it (G1); what is its own, before, beside and after, it may touch.
 */
#include <args.h>
#include <blk_client.h>
#include <clock.h>
#include <print.h>
#include <process.h>

enum { BYTES = 8192, BUFFERS = 3 };

static const char *const kinds[] = {"read", "write", "last-byte", "own", NULL};
enum kind { KIND_READ, KIND_WRITE, KIND_LAST_BYTE, KIND_OWN };

static struct tn_blk blk;

static void do_touch(volatile uint8_t *kept, enum kind kind)
{
    if (kind == KIND_READ)
        (void)*kept;
    else if (kind == KIND_LAST_BYTE)
        kept[BYTES - 1] = 1;
    else
        *kept = 1;
}

int tn_main(const struct tn_start *start)
{
    uint64_t kind = KIND_OWN;
    const struct tn_arg known[] = {{.key = "kind", .value = &kind, .words = kinds}};
    tn_args_require(start->args, known, 1);
    tn_blk_open(&blk, start, tn_deadline_in(60 * TN_SECOND));
    struct tn_dma_pool pool = tn_blk_pool(&blk, BYTES, BUFFERS);
    struct tn_parked_buffer place[BUFFERS] = {{0}};
    volatile uint8_t *kept[BUFFERS];
    for (int i = 0; i < BUFFERS; i++) {
        TN_DMA_BUFFER(buffer);
        if (!tn_dma_buffer_alloc(&pool, BYTES, &buffer))
            tn_die("touch: FAIL buffer %d: %s", i, tn_status_name(tn_dma_buffer_status(&buffer)));
        kept[i] = tn_dma_buffer_data(&buffer);
        do_touch(kept[i], KIND_LAST_BYTE);
        if (!tn_dma_buffer_park(&buffer, &place[i]))
            tn_die("touch: FAIL place %d is taken", i);
    }
    TN_DMA_BUFFER(sent);
    TN_FENCE(fence);
    struct tn_dma_result result;
    if (!tn_dma_buffer_unpark(&place[1], &sent))
        tn_die("touch: FAIL there is no buffer 1");
    tn_blk_submit(&blk, &sent, &(struct tn_blk_transfer){.opcode = TN_BLK_READ, .length = BYTES}, &fence);
    /* Seen by the kernel, and not back: the disk is slow. */
    if (tn_fence_wait(&fence, TN_DEADLINE_NOW, &sent, &result))
        tn_die("touch: FAIL the request is not in flight: %s", tn_status_name(result.status));
    for (int i = 0; i < BUFFERS; i += 2) { /* its neighbours are still ours */
        do_touch(kept[i], KIND_WRITE);
        do_touch(kept[i], KIND_LAST_BYTE);
    }
    tn_print("touch: about to touch %s", kinds[kind]);
    if (kind != KIND_OWN) {
        do_touch(kept[1], (enum kind)kind);
        tn_die("touch: FAIL still alive");
    }
    if (!tn_fence_wait(&fence, tn_deadline_in(60 * TN_SECOND), &sent, &result))
        tn_die("touch: FAIL the request does not end: %s", tn_status_name(result.status));
    if (result.status != TN_OK)
        tn_die("touch: FAIL the request ended with %s", tn_status_name(result.status));
    if (!tn_dma_buffer_is_held(&sent))
        tn_die("touch: FAIL the buffer did not come back");
    do_touch(kept[1], KIND_WRITE);
    do_touch(kept[1], KIND_LAST_BYTE);
    enum tn_status status = tn_dma_buffer_release(&sent);
    if (status != TN_OK)
        tn_die("touch: FAIL the buffer was not taken back: %s", tn_status_name(status));
    tn_print("touch: ok");
    return 0;
}
