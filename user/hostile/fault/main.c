/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that does what a process may not: one fault of the chosen kind. The kernel must end it, say why, and go on.
 * `syscall-garbage` is no fault: it must be refused, and the process lives to say so.
 */
#include <args.h>
#include <enter.h>
#include <print.h>
#include <process.h>
#include <ring.h>

static const char *const kinds[] = {"read-kernel", "write-ro", "exec-nx",         "ud",
                                    "div",         "stack",    "syscall-garbage", NULL};

static const uint32_t constant = 0x5a5a5a5a; /* not volatile: that would put it into a writable page */
static volatile uint8_t code[16] = {0xc3};   /* ret, in a page of data */

static void read_kernel(void)
{
    (void)*(volatile uint64_t *)UINT64_C(0xffffffff80000000);
}

static void write_read_only(void)
{
    *(volatile uint32_t *)(uintptr_t)&constant = 1;
}

static void execute_data(void)
{
    ((void (*)(void))(uintptr_t)code)();
}

static void undefined_instruction(void)
{
    __asm__ volatile("ud2");
}

static void divide_by_zero(void)
{
    __asm__ volatile("xorl %%edx, %%edx; movl $1, %%eax; xorl %%ecx, %%ecx; divl %%ecx"
                     :
                     :
                     : "eax", "ecx", "edx", "cc");
}

static void exhaust_stack(void)
{
    /* By hand: a compiler may turn a recursion into a loop. */
    __asm__ volatile("1: pushq $0; jmp 1b");
}

/* Each must be refused; a garbage number of completions must not put us to sleep for ever. */
static void garbage_calls(void)
{
    const struct {
        uint64_t ring, submit, complete, deadline;
    } garbage[] = {
        {1, 0, 0, 0},
        {UINT64_MAX, 0, 0, 0},
        {UINT64_C(0xffffffff80000000), 0, 0, 0},
        {0, UINT32_MAX, 0, 0},
        {0, 1, 0, 0}, /* more than was put in */
        {0, 0, UINT32_MAX, TN_DEADLINE_NEVER},
    };
    uint32_t refused = 0;
    for (uint32_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
        struct tn_enter_result result =
            tn_enter(garbage[i].ring, (uint32_t)garbage[i].submit, (uint32_t)garbage[i].complete, garbage[i].deadline);
        if (result.status == TN_OK || result.consumed != 0)
            tn_die("garbage: FAIL call=%u got=%s consumed=%u", i, tn_status_name(result.status), result.consumed);
        refused++;
    }
    struct tn_sqe bad[] = {
        {.op = UINT32_MAX},
        {.op = TN_OP_SUBMIT + 1000, .handle = UINT64_MAX},
        {.op = TN_OP_CONSOLE_WRITE, .handle = UINT64_MAX, .arg = {UINT64_C(0xffffffff80000000), 8}},
        {.op = TN_OP_POOL_CREATE, .handle = 1, .arg = {UINT64_MAX, UINT64_MAX}},
        {.op = TN_OP_BUFFER_RELEASE, .handle = UINT64_MAX},
    };
    for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (tn_ring_call(&bad[i], NULL) == TN_OK)
            tn_die("garbage: FAIL op=%u was accepted", bad[i].op);
        refused++;
    }
    tn_print("garbage: ok refused=%u", refused);
    tn_exit(0);
}

int tn_main(const struct tn_start *start)
{
    static void (*const act[])(void) = {read_kernel,    write_read_only, execute_data, undefined_instruction,
                                        divide_by_zero, exhaust_stack,   garbage_calls};
    uint64_t kind = 3;
    const struct tn_arg known[] = {{.key = "kind", .value = &kind, .words = kinds}};
    tn_args_require(start->args, known, 1);
    tn_print("about to do: %s", kinds[kind]);
    act[kind]();
    tn_print("FAIL kind=%s: still alive", kinds[kind]);
    return 2;
}
