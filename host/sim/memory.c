/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of the simulated machine: RAM, what the page tables of the kernel make of it, and accesses to registers.
 *
 * The user half of the host's address space is the processor's TLB: a page is mapped there when it is touched and the
 * tables have it, and stays until it is flushed, whatever the tables say meanwhile. Registers are never mapped: an
 * instruction that reaches them is run alone, with what the model says in the page, or with the page looked at
 * afterwards for what was stored.
 */
#define _GNU_SOURCE
#include "machine.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "arch/x86_64/io.h"
#include "arch/x86_64/layout.h"
#include "arch/x86_64/pte.h"
#include "arch/x86_64/usercopy.h"
#include "mm/kernel_space.h"
#include "mm/space.h"

enum {
    PAGE_FAULT_WRITE = 2,
    TRAP_FLAG = 0x100,
    WORD = 4,
    WAITS_FROM = 64,
};
#define PHYSICAL_BYTES (UINT64_C(4) << 30)

uint8_t *machine_physmap;
static int ram;
static uint64_t cr3; /* 0: no user half */
static bool has_pages;
static struct machine_registers *all_registers;

static struct {
    uint8_t *address;
    struct machine_registers *registers;
    uint64_t offset;
    uint32_t width; /* of a store; 0: a load */
} access_under_way;

static _Noreturn void give_up(const char *what)
{
    perror(what);
    abort();
}

/* ---- the TLB ---- */

static void unmap(uint64_t start, uint64_t bytes)
{
    if (mmap((void *)start, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) ==
        MAP_FAILED)
        give_up("sim: the user half");
}

static void forget_all(void)
{
    if (has_pages)
        unmap(USER_MIN, USER_MAX - USER_MIN);
    has_pages = false;
}

uint64_t machine_read_cr3(void)
{
    return cr3;
}

void machine_write_cr3(uint64_t root)
{
    cr3 = root;
    forget_all();
}

void machine_forget_page(uint64_t address)
{
    if (address >= USER_MIN && address < USER_MAX)
        unmap(page_down(address), PAGE_SIZE);
}

/* The entry of a user address, or 0. */
static uint64_t walk(uint64_t address)
{
    uint64_t entry = cr3 | PTE_PRESENT;
    if (cr3 == 0)
        return 0;
    for (uint32_t level = 4; level > 0; level--) {
        const uint64_t *table = machine_ram(entry & PTE_ADDRESS, PAGE_SIZE);
        if (!table)
            return 0;
        entry = table[pte_index(address, level)];
        if (!(entry & PTE_PRESENT) || !(entry & PTE_USER))
            return 0;
    }
    return entry;
}

/* The variables and the stack of a program are the host's memory, and are not looked at. */
static enum tn_status copy(uint64_t user, uint8_t *own, size_t n, bool to_user)
{
    if (user - (uint64_t)machine_physmap >= PHYSICAL_BYTES && (user < USER_MIN || user >= USER_MAX)) {
        memcpy(to_user ? (void *)user : own, to_user ? own : (void *)user, n);
        return TN_OK;
    }
    while (n > 0) {
        uint64_t entry = user >= USER_MIN && user < USER_MAX ? walk(user) : 0;
        uint64_t part = PAGE_SIZE - user % PAGE_SIZE < n ? PAGE_SIZE - user % PAGE_SIZE : n;
        uint8_t *page = machine_ram(entry & PTE_ADDRESS, PAGE_SIZE);
        if (entry == 0 || !page || (to_user && !(entry & PTE_WRITE)))
            return TN_EFAULT;
        if (to_user)
            memcpy(page + user % PAGE_SIZE, own, part);
        else
            memcpy(own, page + user % PAGE_SIZE, part);
        user += part;
        own += part;
        n -= part;
    }
    return TN_OK;
}

enum tn_status copy_from_user(void *to, uint64_t from, size_t n)
{
    return copy(from, to, n, false);
}

enum tn_status copy_to_user(uint64_t to, const void *from, size_t n)
{
    return copy(to, (uint8_t *)(uintptr_t)from, n, true);
}

/* ---- what the kernel's half is here ---- */

void kernel_space_share(uint64_t *root)
{
    (void)root;
}

void kernel_space_activate(void)
{
    machine_write_cr3(0);
}

void *kernel_mmio_map(uint64_t physical, uint64_t bytes)
{
    return bytes != 0 && physical < PHYSICAL_BYTES && bytes <= PHYSICAL_BYTES - physical ? machine_physmap + physical
                                                                                         : NULL;
}

void *machine_ram(uint64_t physical, uint64_t bytes)
{
    bool fits = physical < MACHINE_RAM_BYTES && bytes <= MACHINE_RAM_BYTES - physical;
    return fits ? machine_physmap + physical : NULL;
}

/* ---- registers ---- */

void machine_add_registers(struct machine_registers *registers)
{
    registers->next = all_registers;
    all_registers = registers;
}

static struct machine_registers *registers_at(uint64_t physical)
{
    for (struct machine_registers *r = all_registers; r; r = r->next)
        if (physical >= r->physical && physical - r->physical < r->bytes)
            return r;
    return NULL;
}

/* How wide the store at `code` is (Intel SDM volume 2, MOV): compilers use no other instruction for a volatile one. */
static uint32_t store_width(const uint8_t *code)
{
    bool is_16 = false, is_64 = false;
    for (;; code++) {
        if (*code == 0x66)
            is_16 = true;
        else if ((*code & 0xf0) == 0x40)
            is_64 = *code & 8;
        else
            break;
    }
    if (*code == 0x88 || *code == 0xc6)
        return 1;
    if (*code == 0x89 || *code == 0xc7)
        return is_64 ? 8 : is_16 ? 2 : 4;
    fprintf(stderr, "sim: a store to registers by an instruction %02x %02x %02x that is not known here\n", code[0],
            code[1], code[2]);
    abort();
}

/* Whoever looks at one register again and again waits for it: that takes time, and little work. */
static void wait_for_register(uint64_t physical, bool is_write)
{
    static uint64_t last, times;
    times = physical == last && !is_write ? times + 1 : 0;
    last = physical;
    if (times > WAITS_FROM)
        machine_pause();
}

static void begin_access(uint64_t address, uint64_t physical, bool is_write, ucontext_t *context)
{
    wait_for_register(physical, is_write);
    machine_step(); /* may not come back */
    struct machine_registers *r = registers_at(physical);
    access_under_way.address = (uint8_t *)address;
    access_under_way.registers = r;
    access_under_way.offset = r ? physical - r->physical : 0;
    access_under_way.width = is_write ? store_width((const uint8_t *)context->uc_mcontext.gregs[REG_RIP]) : 0;
    if (mprotect((void *)page_down(address), PAGE_SIZE, PROT_READ | PROT_WRITE) != 0)
        give_up("sim: a page of registers");
    if (!is_write) {
        uint64_t offset = access_under_way.offset & ~UINT64_C(3), skip = access_under_way.offset - offset;
        uint8_t *to = (uint8_t *)address - skip;
        for (uint64_t i = 0; i < 8 && (address - skip + i) % PAGE_SIZE >= (address - skip) % PAGE_SIZE; i += WORD) {
            uint32_t value = r ? r->read(r->context, offset + i) : UINT32_MAX; /* nobody answers: all ones */
            memcpy(to + i, &value, sizeof value);
        }
    }
    context->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

static void end_access(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    uint64_t value = 0;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
    memcpy(&value, access_under_way.address, access_under_way.width);
    if (mprotect((void *)page_down((uint64_t)access_under_way.address), PAGE_SIZE, PROT_NONE) != 0)
        give_up("sim: a page of registers");
    struct machine_registers *r = access_under_way.registers;
    if (access_under_way.width != 0 && r)
        r->write(r->context, access_under_way.offset, access_under_way.width, value);
}

/* ---- faults ---- */

static void fault_of_user(uint64_t address, bool is_write, ucontext_t *context)
{
    uint64_t entry = walk(address), physical = entry & PTE_ADDRESS;
    if (entry == 0 || (is_write && !(entry & PTE_WRITE))) {
        machine_user_fault(address, is_write);
    } else if (machine_ram(physical, PAGE_SIZE)) {
        int rights = entry & PTE_WRITE ? PROT_READ | PROT_WRITE : PROT_READ;
        if (mmap((void *)page_down(address), PAGE_SIZE, rights, MAP_SHARED | MAP_FIXED, ram, (off_t)physical) ==
            MAP_FAILED)
            give_up("sim: a page of a process");
        has_pages = true;
    } else {
        begin_access(address, physical + address % PAGE_SIZE, is_write, context);
    }
}

static void fault(int number, siginfo_t *info, void *context)
{
    uint64_t address = (uint64_t)info->si_addr, base = (uint64_t)machine_physmap;
    bool is_write = ((ucontext_t *)context)->uc_mcontext.gregs[REG_ERR] & PAGE_FAULT_WRITE;
    if (address >= USER_MIN && address < USER_MAX)
        fault_of_user(address, is_write, context);
    else if (address - base >= MACHINE_RAM_BYTES && address - base < PHYSICAL_BYTES)
        begin_access(address, address - base, is_write, context);
    else
        signal(number, SIG_DFL); /* a bug: it comes again, and is shown as one */
}

static void trap(int number, siginfo_t *info, void *context)
{
    (void)info, (void)context;
    machine_user_trap();
    signal(number, SIG_DFL); /* the kernel's */
}

const uint8_t *machine_part(void)
{
    const uint8_t *before = mmap(NULL, MACHINE_RAM_BYTES, PROT_READ, MAP_SHARED, ram, 0);
    if (before == MAP_FAILED ||
        mmap(machine_physmap, MACHINE_RAM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, ram, 0) == MAP_FAILED)
        give_up("sim: RAM of its own");
    return before;
}

void machine_open(void)
{
    ram = memfd_create("tenure-sim", MFD_CLOEXEC);
    if (ram < 0 || ftruncate(ram, MACHINE_RAM_BYTES) != 0)
        give_up("sim: RAM");
    machine_physmap = mmap(NULL, PHYSICAL_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (machine_physmap == MAP_FAILED ||
        mmap(machine_physmap, MACHINE_RAM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, ram, 0) == MAP_FAILED)
        give_up("sim: physical memory");
    if (mmap((void *)USER_MIN, USER_MAX - USER_MIN, PROT_NONE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED)
        give_up("sim: the user half");
    struct sigaction on_fault = {.sa_sigaction = fault, .sa_flags = SA_SIGINFO};
    struct sigaction on_step = {.sa_sigaction = end_access, .sa_flags = SA_SIGINFO};
    struct sigaction on_trap = {.sa_sigaction = trap, .sa_flags = SA_SIGINFO};
    if (sigaction(SIGSEGV, &on_fault, NULL) != 0 || sigaction(SIGTRAP, &on_step, NULL) != 0 ||
        sigaction(SIGILL, &on_trap, NULL) != 0)
        give_up("sim: signals");
}
