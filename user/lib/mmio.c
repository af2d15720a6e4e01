/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mapping register windows.
 */
#include "mmio.h"

#include "print.h"
#include "ring.h"

enum {
    PAGE = 4096,
};

enum tn_status tn_mmio_map(uint64_t device, uint32_t bar, uint64_t offset, uint64_t length, struct tn_mmio *window)
{
    uint64_t end;
    if (length == 0 || __builtin_add_overflow(offset, length, &end) || end > UINT64_MAX - PAGE)
        return TN_ERANGE;
    uint64_t first = offset / PAGE * PAGE;
    uint64_t pages = (end - first + PAGE - 1) / PAGE * PAGE;
    struct tn_sqe sqe = {.op = TN_OP_MMIO_MAP, .handle = device, .arg = {bar, first, pages}};
    struct tn_cqe answer;
    enum tn_status status = tn_ring_call(&sqe, &answer);
    if (status == TN_OK)
        *window = (struct tn_mmio){.base = (volatile uint8_t *)(answer.value[1] + (offset - first)), .length = length};
    return status;
}

void tn_mmio_refused(const struct tn_mmio *window, uint64_t offset, uint64_t width)
{
    tn_die("mmio: access of %lu bytes at offset 0x%lx refused, the window has 0x%lx bytes: this driver is wrong", width,
           offset, window->length);
}
