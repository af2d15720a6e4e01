/* SPDX-License-Identifier: Apache-2.0 */
/* See serial.h. */
#include "diag/serial.h"

#include <stdint.h>

#include "arch/x86_64/io.h"
#include "lib/lock.h"

enum {
    COM1 = 0x3f8,
    REG_DATA = 0,
    REG_INTERRUPT_ENABLE = 1,
    REG_FIFO = 2,
    REG_LINE_CONTROL = 3,
    REG_MODEM_CONTROL = 4,
    REG_LINE_STATUS = 5,
    REG_INTERRUPT_ID = 2, /* read */
    LINE_STATUS_DATA = 0x01,
    LINE_STATUS_THR_EMPTY = 0x20,
    LINE_STATUS_NO_PORT = 0xff,
    INTERRUPT_RECEIVE = 0x01,
    INTERRUPT_THR_EMPTY = 0x02,
    MODEM_DTR_RTS_OUT2 = 0x0b, /* OUT2 lets the interrupt through to the line */
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
    outb(COM1 + REG_FIFO, 0x07); /* on, both emptied, an interrupt from one byte on */
    outb(COM1 + REG_MODEM_CONTROL, MODEM_DTR_RTS_OUT2);
}

static bool is_within_line;

/* Under LOCK_LOG. */
static void send(const char *text, size_t n)
{
    if (n > 0)
        is_within_line = text[n - 1] != '\n';
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

void serial_write(const char *text, size_t n)
{
    lock_acquire(LOCK_LOG);
    send(text, n);
    lock_release(LOCK_LOG);
}

void serial_write_line(const char *text, size_t n)
{
    lock_acquire(LOCK_LOG);
    if (is_within_line)
        send("\n", 1);
    send(text, n);
    lock_release(LOCK_LOG);
}

bool serial_read(uint8_t *byte)
{
    uint8_t status = inb(COM1 + REG_LINE_STATUS);
    if (status == LINE_STATUS_NO_PORT || !(status & LINE_STATUS_DATA))
        return false;
    *byte = inb(COM1 + REG_DATA);
    return true;
}

void serial_interrupt_when(enum serial_interrupt when)
{
    static const uint8_t enable[] = {0, INTERRUPT_RECEIVE, INTERRUPT_THR_EMPTY};
    outb(COM1 + REG_INTERRUPT_ENABLE, 0);
    (void)inb(COM1 + REG_INTERRUPT_ID); /* forgets that the transmitter was empty */
    outb(COM1 + REG_INTERRUPT_ENABLE, enable[when]);
}
