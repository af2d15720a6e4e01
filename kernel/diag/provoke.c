/* SPDX-License-Identifier: Apache-2.0 */
/* See provoke.h. */
#include "diag/provoke.h"

#include <stdint.h>

#include "boot/command_line.h"
#include "diag/log.h"
#include "diag/panic.h"
#include "lib/lock.h"
#include "lib/string.h"

extern uint8_t __text_start[], __data_start[];

static void provoke_panic(void)
{
    panic("asked for on the command line");
}

/* The text is read-only: a page fault with the write bit. */
static void provoke_write(void)
{
    *(volatile uint8_t *)__text_start = 0xcc;
}

/* Data is never executable: a page fault with the fetch bit. */
static void provoke_execute(void)
{
    ((void (*)(void))(uintptr_t)__data_start)();
}

/* Runs over the stack's guard page: a page fault that finds no stack, so a double fault on its own one. */
static __attribute__((noinline)) uint64_t provoke_stack_deep(uint64_t depth)
{
    volatile uint64_t page[512];
    page[depth % 512] = depth;
    return depth == UINT64_MAX ? 0 : provoke_stack_deep(depth + 1) + page[depth % 512];
}

static void provoke_stack(void)
{
    log_line("provoke: %lu", provoke_stack_deep(0));
}

static void provoke_nmi(void)
{
    __asm__ volatile("int $2");
}

static void provoke_lock_right(void)
{
    lock_acquire(LOCK_DEVICE_MANAGER);
    lock_check_window();
    lock_acquire(LOCK_INTERRUPT_ROUTES);
    lock_release(LOCK_INTERRUPT_ROUTES);
    lock_release(LOCK_DEVICE_MANAGER);
    lock_check_none();
}

static void provoke_lock_order(void)
{
    lock_acquire(LOCK_INTERRUPT_ROUTES);
    lock_acquire(LOCK_DEVICE_MANAGER);
    lock_release(LOCK_DEVICE_MANAGER);
    lock_release(LOCK_INTERRUPT_ROUTES);
}

static void provoke_lock_release(void)
{
    lock_acquire(LOCK_DEVICE_MANAGER);
    lock_acquire(LOCK_INTERRUPT_ROUTES);
    lock_release(LOCK_DEVICE_MANAGER);
    lock_release(LOCK_INTERRUPT_ROUTES);
}

static void provoke_lock_window(void)
{
    lock_acquire(LOCK_INTERRUPT_ROUTES);
    lock_check_window();
    lock_release(LOCK_INTERRUPT_ROUTES);
}

/* The log's own lock, so that the report of it must get past it. */
static void provoke_lock_twice(void)
{
    lock_acquire(LOCK_LOG);
    log_line("provoke: said while the log is held");
    lock_release(LOCK_LOG);
}

static const struct {
    const char *name;
    void (*run)(void);
} kinds[] = {
    {"panic", provoke_panic},
    {"write", provoke_write},
    {"execute", provoke_execute},
    {"stack", provoke_stack},
    {"nmi", provoke_nmi},
    {"lock-right", provoke_lock_right},
    {"lock-order", provoke_lock_order},
    {"lock-release", provoke_lock_release},
    {"lock-window", provoke_lock_window},
    {"lock-twice", provoke_lock_twice},
};

void provoke_from_command_line(void)
{
    char value[16];
    if (!command_line_value("provoke", value, sizeof value))
        return;
    for (uint32_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (text_equal(kinds[i].name, value)) {
            kinds[i].run();
            log_line("provoke: %s did nothing", value);
        }
}
