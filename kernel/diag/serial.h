/* SPDX-License-Identifier: Apache-2.0 */
/* COM1, a 16550 at 0x3f8: what people and harnesses read. Polled output, 115200 baud. */
#ifndef TENURE_KERNEL_DIAG_SERIAL_H
#define TENURE_KERNEL_DIAG_SERIAL_H

#include <stddef.h>

void serial_init(void);
/* Bounded: gives a character up when the transmitter stays busy. */
void serial_write(const char *text, size_t n);

#endif
