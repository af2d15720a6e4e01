/* SPDX-License-Identifier: Apache-2.0 */
/* See serial.h. */
#include "diag/serial.h"

#include <stdint.h>

#include "arch/x86_64/io.h"

enum {
    COM1 = 0x3f8,
    REG_DATA = 0,
    REG_INTERRUPT_ENABLE = 1,
    REG_FIFO = 2,
    REG_LINE_CONTROL = 3,
    REG_MODEM_CONTROL = 4,
    REG_LINE_STATUS = 5,
    LINE_STATUS_THR_EMPTY = 0x20,
    LINE_CONTROL_DLAB = 0x80,
    LINE_CONTROL_8N1 = 0x03,
    FIFO_DEPTH = 16,
    PATIENCE = 200000, /* polls: far above one character at 115200 baud */
};

void serial_init(void)
{
    outb(COM1 + REG_INTERRUPT_ENABLE, 0);
    outb(COM1 + REG_LINE_CONTROL, LINE_CONTROL_DLAB);
    outb(COM1 + REG_DATA, 1); /* divisor 1: 115200 baud */
    outb(COM1 + REG_INTERRUPT_ENABLE, 0);
    outb(COM1 + REG_LINE_CONTROL, LINE_CONTROL_8N1);
    outb(COM1 + REG_FIFO, 0x07);          /* on, both emptied */
    outb(COM1 + REG_MODEM_CONTROL, 0x03); /* DTR, RTS */
}

void serial_write(const char *text, size_t n)
{
    while (n > 0) {
        uint32_t tries = 0;
        while (!(inb(COM1 + REG_LINE_STATUS) & LINE_STATUS_THR_EMPTY) && tries < PATIENCE) {
            cpu_relax();
            tries++;
        }
        /* an empty holding register means an empty FIFO */
        for (uint32_t i = 0; i < FIFO_DEPTH && n > 0; i++, n--)
            outb(COM1 + REG_DATA, (uint8_t)*text++);
    }
}
