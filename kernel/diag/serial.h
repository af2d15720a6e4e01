/* SPDX-License-Identifier: Apache-2.0 */
/* COM1, a 16550 at 0x3f8: what people and harnesses read and type. Polled output, 115200 baud. */
#ifndef TENURE_KERNEL_DIAG_SERIAL_H
#define TENURE_KERNEL_DIAG_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SERIAL_ISA_INTERRUPT = 4 };

void serial_init(void);
/* Bounded: gives a character up when the transmitter stays busy. */
void serial_write(const char *text, size_t n);
/* The same, in a line of its own: ends the one that a prompt or a person began, if there is one. */
void serial_write_line(const char *text, size_t n);
/* The next byte that has arrived; false: none has. A port that is not there (it reads as ones) has none. */
bool serial_read(uint8_t *byte);

/* When COM1 raises its interrupt. Each change lets the line fall first, so that what is there already raises it anew:
 * ISA interrupts are edges. */
enum serial_interrupt {
    SERIAL_NEVER,
    SERIAL_ON_RECEIVE,
    SERIAL_NOW, /* while the transmitter is empty: for a trial */
};
void serial_interrupt_when(enum serial_interrupt when);

#endif
