/* SPDX-License-Identifier: Apache-2.0 */
/* See input.h. */
#include "diag/input.h"

#include <stdbool.h>
#include <stddef.h>

#include <tenure/abi/ring.h>

#include "arch/x86_64/clock.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/usercopy.h"
#include "diag/line.h"
#include "diag/log.h"
#include "diag/serial.h"
#include "irq/route.h"
#include "lib/lock.h"
#include "lib/string.h"
#include "mm/kernel_space.h"
#include "mm/space.h"
#include "proc/process.h"
#include <tn_format.h>

#define TRIAL_NS UINT64_C(10000000) /* far above what an interrupt takes */

enum { QUEUE = 256 };

static uint8_t queue[QUEUE];
static uint32_t first, waiting; /* bytes of the queue */
static struct line line;
static struct input_request reader; /* process NULL: nobody waits */
static uint32_t routes;
static bool is_open;
static volatile bool has_arrived;

/* Into the reader's memory, whoever runs: its space is loaded for the copy. */
static enum tn_status copy_to_reader(const void *from, size_t n)
{
    const struct process *current = this_cpu()->current;
    space_activate(&reader.process->space);
    enum tn_status status = copy_to_user(reader.address, from, n);
    if (current)
        space_activate(&current->space);
    else
        kernel_space_activate();
    return status;
}

static void answer(enum tn_status status, const void *text, size_t n)
{
    struct tn_cqe cqe = {.user_data = reader.user_data, .kind = TN_CQE_RESULT, .status = status};
    if (status == TN_OK && n != 0)
        cqe.status = copy_to_reader(text, n);
    if (cqe.status == TN_OK)
        cqe.value[0] = n;
    struct process *p = reader.process;
    reader.process = NULL;
    process_post(p, &cqe);
}

static void take_key(uint8_t byte)
{
    static const char goes[] = "\r          \r";
    serial_write(goes, sizeof goes - 1);
    answer(TN_OK, &byte, 1);
}

static void take_for_line(uint8_t byte)
{
    static struct line_echo echo; /* one CPU: nobody else is in here */
    enum line_event event = line_take(&line, byte, &echo);
    serial_write(echo.text, echo.length);
    if (event == LINE_DONE)
        answer(TN_OK, line.text, strlen(line.text));
    else if (event == LINE_CANCELLED)
        answer(TN_EABORTED, NULL, 0);
    else if (event == LINE_TOO_LONG)
        answer(TN_ERANGE, NULL, 0);
}

/* At most a queue full at a time; what the port holds then raises the interrupt anew. */
static void serve_reader(void)
{
    while (reader.process && waiting != 0) {
        uint8_t byte = queue[first];
        first = (first + 1) % QUEUE;
        waiting--;
        if (reader.wait == TN_CONSOLE_KEY)
            take_key(byte);
        else
            take_for_line(byte);
    }
    serial_interrupt_when(waiting < QUEUE ? SERIAL_ON_RECEIVE : SERIAL_NEVER);
}

/* In interrupt context. */
static void receive(void)
{
    uint8_t byte;
    has_arrived = true;
    while (waiting < QUEUE && serial_read(&byte))
        queue[(first + waiting++) % QUEUE] = byte;
    serve_reader();
}

static void say_no_input(const char *why)
{
    log_line("console: no input: interrupt %u of ISA, which is COM1's, %s", SERIAL_ISA_INTERRUPT, why);
}

void input_open(void)
{
    struct irq_source source;
    enum tn_status status = irq_source_of_isa(SERIAL_ISA_INTERRUPT, &source);
    if (status != TN_OK) {
        say_no_input("reaches no I/O APIC that the firmware names");
        return;
    }
    status = route_bind_kernel(&source, receive);
    if (status != TN_OK) {
        say_no_input(tn_status_name(status));
        return;
    }
    routes = 1;
    uint64_t end = clock_now() + TRIAL_NS;
    serial_interrupt_when(SERIAL_NOW);
    while (!has_arrived && clock_now() < end) {
        lock_check_window();
        cpu_interrupt_window();
    }
    serial_interrupt_when(has_arrived ? SERIAL_ON_RECEIVE : SERIAL_NEVER);
    is_open = has_arrived;
    if (is_open)
        log_line("console: input by interrupt %u of ISA, I/O APIC input %u", SERIAL_ISA_INTERRUPT, source.entry);
    else
        say_no_input("is bound and does not arrive");
}

uint32_t input_routes(void)
{
    return routes;
}

enum tn_status input_wait(const struct input_request *request)
{
    if (!is_open)
        return TN_ENOTSUP;
    if (reader.process)
        return TN_ESTATE;
    char prompt[TN_NAME_MAX + 2];
    size_t n = request->wait == TN_CONSOLE_KEY ? tn_format(prompt, sizeof prompt, "-- more --")
                                               : tn_format(prompt, sizeof prompt, "%s> ", request->process->name);
    serial_write(prompt, n);
    reader = *request;
    serve_reader();
    return TN_OK;
}

void input_reader_ended(const struct process *process)
{
    if (reader.process == process)
        reader.process = NULL;
}
