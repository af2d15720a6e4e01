/* SPDX-License-Identifier: Apache-2.0 */
/* See iova.h. */
#include "iommu/iova.h"

#include "arch/x86_64/lapic.h"

enum { LOWEST_BITS = 32 };

static const uint64_t unit = UINT64_C(1) << IOVA_UNIT_SHIFT;

static bool is_taken(const struct iova_space *s, uint64_t i)
{
    return s->taken[i / 64] >> i % 64 & 1;
}

static void mark(struct iova_space *s, uint64_t i, bool taken)
{
    uint64_t bit = UINT64_C(1) << i % 64;
    s->taken[i / 64] = taken ? s->taken[i / 64] | bit : s->taken[i / 64] & ~bit;
}

static uint64_t units_of(uint64_t bytes)
{
    return bytes / unit + (bytes % unit != 0);
}

void iova_reserve(struct iova_space *s, uint64_t start, uint64_t end)
{
#ifndef TN_TWIN_ADDRESS /* negative twin: nothing is kept free */
    for (uint64_t i = start / unit; i < IOVA_UNITS && i * unit < end; i++)
        mark(s, i, true);
#else
    (void)s, (void)start, (void)end;
#endif
}

void iova_init(struct iova_space *s, uint32_t bits)
{
    *s = (struct iova_space){0};
    iova_reserve(s, 0, UINT64_C(16) << 20);
    iova_reserve(s, LOCAL_APIC_START, LOCAL_APIC_END);
    if (bits >= LOWEST_BITS && bits < 64)
        iova_reserve(s, UINT64_C(1) << bits, UINT64_MAX);
}

enum tn_status iova_take(struct iova_space *s, uint64_t bytes, uint64_t *iova)
{
    uint64_t wanted = units_of(bytes), run = 0;
    if (wanted == 0 || wanted > IOVA_UNITS)
        return TN_EEXHAUSTED;
    for (uint64_t i = 0; i < IOVA_UNITS; i++) {
        run = is_taken(s, i) ? 0 : run + 1;
        if (run != wanted)
            continue;
        uint64_t first = i + 1 - wanted;
        for (uint64_t u = first; u <= i; u++)
            mark(s, u, true);
        *iova = first * unit;
        return TN_OK;
    }
    return TN_EEXHAUSTED;
}

void iova_give(struct iova_space *s, uint64_t iova, uint64_t bytes)
{
    for (uint64_t i = 0; i < units_of(bytes); i++)
        mark(s, iova / unit + i, false);
}
