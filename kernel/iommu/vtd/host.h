/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the driver of a remapping unit needs from around it: registers, memory that the unit reads, time. In the kernel
 * this is units.c; on the host, a model of the hardware (tests/unit/vtd_model.h), so that everything below is tested
 * there.
 */
#ifndef TENURE_KERNEL_VTD_HOST_H
#define TENURE_KERNEL_VTD_HOST_H

#include <stdbool.h>
#include <stdint.h>

struct vtd_host {
    uint32_t (*read32)(void *context, uint32_t offset);
    void (*write32)(void *context, uint32_t offset, uint32_t value);
    uint64_t (*read64)(void *context, uint32_t offset);
    void (*write64)(void *context, uint32_t offset, uint64_t value);
    /* `pages` zeroed pages of 4 KiB in a row; false: there are none. */
    bool (*take)(void *context, uint64_t pages, uint64_t *physical);
    void (*give)(void *context, uint64_t physical, uint64_t pages);
    void *(*at)(void *context, uint64_t physical);
    uint64_t (*now)(void *context); /* nanoseconds */
    void *context;
};

/* Writes cache lines back, for a unit that does not look into them. Linked and not pointed to: it stands in the way of
 * every page. */
void vtd_host_write_back(void *context, const volatile void *at, uint64_t bytes);

#endif
