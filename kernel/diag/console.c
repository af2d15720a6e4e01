/* SPDX-License-Identifier: Apache-2.0 */
/* See console.h. */
#include "diag/console.h"

#include <tenure/abi/ring.h>

#include "arch/x86_64/clock.h"
#include "arch/x86_64/io.h"
#include "arch/x86_64/lapic.h"
#include "diag/command.h"
#include "diag/line.h"
#include "diag/log.h"
#include "diag/serial.h"
#include "lib/lock.h"

#define PROMPT     "diag> "
#define MORE       "-- more --"
#define MORE_GOES  "\r          \r"
#define NAP_NS     UINT64_C(1000000)     /* between two looks at the port */
#define ANSWER_NS  UINT64_C(60000000000) /* for a key after a page: then nobody is there */
#define SEND(text) serial_write(text, sizeof(text) - 1)

/* False: the deadline passed first. */
static bool wait_for_byte(uint8_t *byte, uint64_t deadline)
{
    while (!serial_read(byte)) {
        if (clock_now() >= deadline)
            return false;
        uint64_t counts = clock_scale(NAP_NS, boot_clock.ns_to_timer);
        lapic_timer_start(counts == 0 || counts > UINT32_MAX ? 1 : (uint32_t)counts);
        lock_check_window();
        cpu_wait_for_interrupt();
    }
    return true;
}

/* Lines of the next page; 0: no more. */
static uint64_t ask(void)
{
    uint64_t deadline = clock_now() + ANSWER_NS;
    enum pager_key key = PAGER_NO_KEY;
    uint8_t byte;
    SEND(MORE);
    while (key == PAGER_NO_KEY && wait_for_byte(&byte, deadline))
        key = pager_key(byte);
    SEND(MORE_GOES);
    return pager_lines(key);
}

/* True: the boot goes on. */
static bool run(const char *line)
{
    struct command_call call;
    uint64_t first = 0, count = PAGER_LINES;
    do {
        call = (struct command_call){.pager = {.first = first, .count = count}, .is_early = true};
        command_run(line, &call);
        first = pager_next(&call.pager);
        if (first != 0 && command_is_paged())
            count = ask();
    } while (first != 0 && count != 0);
    return call.goes_on;
}

void console_early(void)
{
    static struct line line;
    struct line_echo echo;
    uint8_t byte;
    bool goes_on = false;
    log_line("console: stopped before the first process; `help` lists the commands, `continue` goes on");
    SEND(PROMPT);
    while (!goes_on) {
        (void)wait_for_byte(&byte, TN_DEADLINE_NEVER);
        enum line_event event = line_take(&line, byte, &echo);
        serial_write(echo.text, echo.length);
        if (event == LINE_TOO_LONG)
            log_line("console: a line has at most %u characters; this one is not run", LINE_ROOM - 1);
        if (event == LINE_DONE)
            goes_on = run(line.text);
        if (event != LINE_GOES_ON && !goes_on)
            SEND(PROMPT);
    }
}
