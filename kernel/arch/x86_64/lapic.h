/* SPDX-License-Identifier: Apache-2.0 */
/* The local APIC of this CPU, in xAPIC mode: Intel SDM volume 3A, chapter 11. */
#ifndef TENURE_KERNEL_ARCH_LAPIC_H
#define TENURE_KERNEL_ARCH_LAPIC_H

#include <stdbool.h>
#include <stdint.h>

/* A write of a device to here is an interrupt, and nobody's memory (Intel SDM volume 3A, section 11.11). */
#define LOCAL_APIC_START UINT64_C(0xfee00000)
#define LOCAL_APIC_END   UINT64_C(0xfef00000)

enum {
    /* 0x20 to 0x2f: the masked 8259s may still raise a spurious one */
    VECTOR_PIC = 0x20,
    VECTOR_ROUTE_FIRST = 0x30, /* device interrupts */
    VECTOR_ROUTE_LAST = 0xef,
    VECTOR_TIMER = 0xf0,
    VECTOR_IOMMU = 0xf1,    /* a remapping unit has recorded a fault */
    VECTOR_SPURIOUS = 0xff, /* low four bits set, as older APICs want it */
};

/* Masks the 8259s, maps and enables the APIC. Panics if there is none. */
void lapic_init(void);
uint32_t lapic_id(void);
void lapic_eoi(void);
/* One shot, in counts of the timer's own clock; 0 stops it. */
void lapic_timer_start(uint32_t counts);
uint32_t lapic_timer_read(void);
/* Is this vector requested, or in service? */
bool lapic_is_pending(uint8_t vector);
bool lapic_is_in_service(uint8_t vector);

#endif
