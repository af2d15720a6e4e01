/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of QEMU's educational device, in BAR 0 (docs/specs/edu in QEMU's sources). Below 0x80: 32 bits only. */
#ifndef TENURE_EDU_H
#define TENURE_EDU_H

enum edu_register {
    EDU_IDENTIFICATION = 0x00, /* 0xRRrr00ed: version RR.rr */
    EDU_LIVENESS = 0x04,       /* reads what was written, inverted */
    EDU_FACTORIAL = 0x08,      /* write n, read n! once EDU_COMPUTING is clear */
    EDU_STATUS = 0x20,
    EDU_INTERRUPT_STATUS = 0x24,
    EDU_INTERRUPT_RAISE = 0x60,
    EDU_INTERRUPT_ACKNOWLEDGE = 0x64,
    EDU_DMA_SOURCE = 0x80, /* 64 bits, as are the following */
    EDU_DMA_DESTINATION = 0x88,
    EDU_DMA_COUNT = 0x90,
    EDU_DMA_COMMAND = 0x98,
    EDU_REGISTERS_BYTES = 0x1000,
};

enum edu_bits {
    EDU_IDENTITY = 0xed, /* the low 16 bits of the identification */
    EDU_COMPUTING = 0x01,
    EDU_INTERRUPT_AFTER_FACTORIAL = 0x80,
    EDU_DONE_FACTORIAL = 0x001, /* in the interrupt status */
    EDU_DONE_DMA = 0x100,
    EDU_DMA_START = 0x01, /* reads set until the transfer has ended */
    EDU_DMA_TO_MEMORY = 0x02,
    EDU_DMA_INTERRUPT = 0x04,
    EDU_MEMORY = 0x40000, /* where the device's own memory is, for EDU_DMA_SOURCE and _DESTINATION */
};

#endif
