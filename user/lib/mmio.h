/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A window of device registers and its accessors: the only volatile accesses of a driver to them. An access outside the
 * window, or not aligned to its width, is a bug of the driver and ends it with a message; it never reaches a bus.
 */
#ifndef TENURE_USER_MMIO_H
#define TENURE_USER_MMIO_H

#include <stdint.h>

#include <tenure/abi/status.h>

struct tn_mmio {
    volatile uint8_t *base;
    uint64_t length;
};

/* Maps `length` bytes at `offset` of a BAR: the pages around them are mapped, the window is exactly these bytes. */
TN_MUST_CHECK enum tn_status tn_mmio_map(uint64_t device, uint32_t bar, uint64_t offset, uint64_t length,
                                         struct tn_mmio *window);

_Noreturn void tn_mmio_refused(const struct tn_mmio *window, uint64_t offset, uint64_t width);

static inline volatile uint8_t *tn_mmio_at(const struct tn_mmio *window, uint64_t offset, uint64_t width)
{
    if (offset > window->length || width > window->length - offset || offset % width != 0)
        tn_mmio_refused(window, offset, width);
    return window->base + offset;
}

static inline uint8_t mmio_read8(const struct tn_mmio *window, uint64_t offset)
{
    return *tn_mmio_at(window, offset, 1);
}
static inline uint16_t mmio_read16(const struct tn_mmio *window, uint64_t offset)
{
    return *(volatile uint16_t *)(volatile void *)tn_mmio_at(window, offset, 2);
}
static inline uint32_t mmio_read32(const struct tn_mmio *window, uint64_t offset)
{
    return *(volatile uint32_t *)(volatile void *)tn_mmio_at(window, offset, 4);
}
static inline uint64_t mmio_read64(const struct tn_mmio *window, uint64_t offset)
{
    return *(volatile uint64_t *)(volatile void *)tn_mmio_at(window, offset, 8);
}
static inline void mmio_write8(const struct tn_mmio *window, uint64_t offset, uint8_t value)
{
    *tn_mmio_at(window, offset, 1) = value;
}
static inline void mmio_write16(const struct tn_mmio *window, uint64_t offset, uint16_t value)
{
    *(volatile uint16_t *)(volatile void *)tn_mmio_at(window, offset, 2) = value;
}
static inline void mmio_write32(const struct tn_mmio *window, uint64_t offset, uint32_t value)
{
    *(volatile uint32_t *)(volatile void *)tn_mmio_at(window, offset, 4) = value;
}
static inline void mmio_write64(const struct tn_mmio *window, uint64_t offset, uint64_t value)
{
    *(volatile uint64_t *)(volatile void *)tn_mmio_at(window, offset, 8) = value;
}

#endif
