/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A QEMU TCG plugin (API version 1, QEMU 7.2) that counts guest instructions exactly. Debian ships no qemu-plugin.h, so
 * what is used of the interface is declared here.
 *
 *   -plugin icnt.so,out=FILE[,io=on]
 *
 * The guest marks a moment with `nopl 0x4d4bNNNN(%rax)`; each mark appends one line of all counters to FILE:
 *
 *   MARK n kernel K user U kernel_rep I user_rep I kernel_rep_iter N user_rep_iter N halt H syscall S mmio M pio P
 *
 * kernel, user: instructions executed at addresses above and below 2^63. TCG executes a repeat-string instruction once
 * for each iteration: *_rep_iter are those executions (contained in kernel and user) and *_rep the instructions they
 * belong to. halt, syscall, pio: executions of HLT, SYSCALL and IN/OUT. mmio: accesses to device memory (0 without
 * io=on). One set of counters for the machine: one virtual CPU only. The file ends with a MARK 65535 at exit.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* ---- what we use of QEMU's plugin interface ---- */

typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;

enum { PLUGIN_API_VERSION = 1 };
enum { QEMU_PLUGIN_INLINE_ADD_U64 = 0 };
enum { QEMU_PLUGIN_CB_NO_REGS = 0 };
enum { QEMU_PLUGIN_MEM_RW = 3 };

#define EXPORT __attribute__((visibility("default")))

extern EXPORT int qemu_plugin_version;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv);

extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                                  void (*callback)(qemu_plugin_id_t, struct qemu_plugin_tb *));
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
extern const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int operation, void *counter,
                                                       uint64_t amount);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, void (*callback)(unsigned, void *),
                                                   int flags, void *data);
extern void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
                                             void (*callback)(unsigned, qemu_plugin_meminfo_t, uint64_t, void *),
                                             int flags, int accesses, void *data);
extern struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(qemu_plugin_meminfo_t info, uint64_t address);
extern bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *address);
extern void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, void (*callback)(qemu_plugin_id_t, void *), void *data);

EXPORT int qemu_plugin_version = PLUGIN_API_VERSION;

/* ---- counters ---- */

enum side { KERNEL, USER, SIDES };
enum { MARK_AT_EXIT = 65535 };

static uint64_t executed[SIDES];
static uint64_t repeat_iterations[SIDES];
static uint64_t repeats[SIDES];
static uint64_t halts, syscalls, port_accesses, mmio_accesses;
static bool count_mmio;
static FILE *out;

static void write_mark(unsigned mark)
{
    fprintf(out,
            "MARK %u kernel %lu user %lu kernel_rep %lu user_rep %lu kernel_rep_iter %lu user_rep_iter %lu "
            "halt %lu syscall %lu mmio %lu pio %lu\n",
            mark, executed[KERNEL], executed[USER], repeats[KERNEL], repeats[USER], repeat_iterations[KERNEL],
            repeat_iterations[USER], halts, syscalls, mmio_accesses, port_accesses);
    fflush(out);
}

static void on_mark(unsigned cpu, void *data)
{
    (void)cpu;
    write_mark((unsigned)(uintptr_t)data);
}

/* Called for each iteration. It is the same instruction going on if nothing else was executed since. */
static void on_repeat(unsigned cpu, void *data)
{
    static uint64_t last_total, last_address;
    uint64_t address = (uint64_t)(uintptr_t)data;
    uint64_t total = executed[KERNEL] + executed[USER];
    (void)cpu;
    enum side side = address >> 63 ? KERNEL : USER;
    repeat_iterations[side]++;
    if (total != last_total + 1 || address != last_address)
        repeats[side]++;
    last_total = total;
    last_address = address;
}

static void on_access(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address, void *data)
{
    (void)cpu;
    (void)data;
    const struct qemu_plugin_hwaddr *hardware = qemu_plugin_get_hwaddr(info, address);
    if (hardware && qemu_plugin_hwaddr_is_io(hardware))
        mmio_accesses++;
}

/* ---- instructions we tell apart (Intel SDM volume 2, opcode maps) ---- */

static size_t prefix_length(const uint8_t *code, size_t size, bool *repeat)
{
    size_t n = 0;
    *repeat = false;
    while (n < size) {
        bool is_repeat = code[n] == 0xf2 || code[n] == 0xf3;
        bool is_size_or_rex = code[n] == 0x66 || code[n] == 0x67 || (code[n] & 0xf0) == 0x40;
        if (!is_repeat && !is_size_or_rex)
            break;
        *repeat |= is_repeat;
        n++;
    }
    return n;
}

static bool is_string_operation(uint8_t opcode)
{
    bool memory = (opcode >= 0xa4 && opcode <= 0xa7) || (opcode >= 0xaa && opcode <= 0xaf);
    bool port = opcode >= 0x6c && opcode <= 0x6f;
    return memory || port;
}

static bool is_port_access(uint8_t opcode)
{
    return (opcode >= 0xe4 && opcode <= 0xe7) || (opcode >= 0xec && opcode <= 0xef);
}

/* nopl disp32(%rax) with "MK" in the upper half of the displacement. */
static bool is_mark(const uint8_t *code, size_t size)
{
    return size == 7 && code[0] == 0x0f && code[1] == 0x1f && code[2] == 0x80 && code[5] == 0x4b && code[6] == 0x4d;
}

static void add_one(struct qemu_plugin_insn *insn, uint64_t *counter)
{
    qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, counter, 1);
}

static void on_instruction(struct qemu_plugin_insn *insn)
{
    const uint8_t *code = qemu_plugin_insn_data(insn);
    size_t size = qemu_plugin_insn_size(insn);
    uint64_t address = qemu_plugin_insn_vaddr(insn);
    bool repeat;
    size_t prefixes = prefix_length(code, size, &repeat);

    add_one(insn, &executed[address >> 63 ? KERNEL : USER]);
    if (prefixes < size) {
        uint8_t opcode = code[prefixes];
        if (repeat && is_string_operation(opcode) && prefixes + 1 == size)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_repeat, QEMU_PLUGIN_CB_NO_REGS, (void *)(uintptr_t)address);
        if (opcode == 0xf4 && size == 1)
            add_one(insn, &halts);
        if (opcode == 0x0f && size == prefixes + 2 && code[prefixes + 1] == 0x05)
            add_one(insn, &syscalls);
        if (is_port_access(opcode) && size <= prefixes + 2)
            add_one(insn, &port_accesses);
    }
    if (is_mark(code, size))
        qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, QEMU_PLUGIN_CB_NO_REGS,
                                               (void *)(uintptr_t)(code[3] | code[4] << 8));
    if (count_mmio)
        qemu_plugin_register_vcpu_mem_cb(insn, on_access, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, NULL);
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    size_t count = qemu_plugin_tb_n_insns(block);
    for (size_t i = 0; i < count; i++)
        on_instruction(qemu_plugin_tb_get_insn(block, i));
}

static void on_exit_of_machine(qemu_plugin_id_t id, void *data)
{
    (void)id;
    (void)data;
    write_mark(MARK_AT_EXIT);
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (!strncmp(argv[i], "out=", 4)) {
            out = fopen(argv[i] + 4, "w");
        } else if (!strcmp(argv[i], "io=on")) {
            count_mmio = true;
        } else {
            fprintf(stderr, "icnt: \"%s\": out=FILE and io=on are known\n", argv[i]);
            return -1;
        }
    }
    if (!out) {
        fprintf(stderr, "icnt: out=FILE is missing or cannot be written\n");
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_exit_of_machine, NULL);
    return 0;
}
