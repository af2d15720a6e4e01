/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine in one process of the host: the kernel above its page tables and its IOMMU's interface, and the programs of
 * user/, all as they are, with devices in software (pci.h) that do what a test wants. One processor; time stands still
 * but for what each access and each entry into the kernel is made to cost, and jumps ahead when everybody waits: a run
 * is the same each time.
 *
 * The programs are shared objects, loaded afresh for each incarnation, on stacks of their own. Their memory is what the
 * kernel's page tables say: a page that is not there faults, and ends the process. Registers of devices fault too, and
 * are answered by their models, for the kernel and for drivers alike.
 *
 * One machine a process: a test forks for each.
 */
#ifndef TENURE_SIM_MACHINE_H
#define TENURE_SIM_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

/* ---- what a test asks ---- */

enum machine_end_kind {
    MACHINE_SUCCEEDED, /* every job ended with status 0 */
    MACHINE_FAILED,
    MACHINE_PANICKED,
    MACHINE_STUCK, /* everybody waits for what cannot come */
};

struct machine_plan {
    const char *manifest;        /* path of a compiled manifest */
    const char *words;           /* command line of the kernel */
    const char *programs;        /* folder of the shared objects: NAME.so for image NAME */
    const char *image, *instead; /* but another one for this image; NULL: for none */
    bool quiet;                  /* its log is kept, and not printed */
    /* Ends the process of this name at its n-th step (an access to a register, or an entry into the kernel), n = first,
     * first + step, … of each incarnation in turn. first 0: never. */
    const char *kill;
    uint64_t kill_first, kill_step;
};
/* First of all. */
void machine_open(void);
/* Devices have been added (pci.h). Returns when the machine has ended. */
enum machine_end_kind machine_run(const struct machine_plan *plan);
/* Does a line of its log contain this? */
bool machine_said(const char *text);
/* How many lines do. */
uint64_t machine_said_times(const char *text);
uint64_t machine_kills(void);

/* ---- for models ---- */

/* Nanoseconds since the start. */
uint64_t machine_now(void);

struct machine_event {
    uint64_t at;
    void (*run)(struct machine_event *event);
    struct machine_event *next;
    bool is_set;
};
/* Calls event->run at `when`, or as soon as anybody does anything after. An event that is set already moves. */
void machine_at(struct machine_event *event, uint64_t when);
void machine_cancel(struct machine_event *event);

/* Registers at a physical address, whole pages. `read` has no side effects: what is read is a piece of what it says. */
struct machine_registers {
    uint64_t physical, bytes;
    uint32_t (*read)(void *context, uint64_t offset); /* of four bytes, at a multiple of four */
    void (*write)(void *context, uint64_t offset, uint32_t width, uint64_t value);
    void *context;
    struct machine_registers *next;
};
void machine_add_registers(struct machine_registers *registers);

/* `bytes` bytes of memory at a physical address, or NULL. */
void *machine_ram(uint64_t physical, uint64_t bytes);
/* The local APIC gets this vector. */
void machine_raise(uint8_t vector);

/* A message of the device `bdf` that wrote `data` to `address`: an interrupt, if its entry of interrupt remapping says
 * so. */
void machine_message(uint32_t bdf, uint64_t address, uint32_t data);
/* Where a device's access goes: a physical address, or false, and the IOMMU has recorded a fault. Not across a page. */
bool machine_translate(uint32_t bdf, uint64_t iova, bool is_write, uint64_t *physical);
uint64_t machine_faults(void);
/* Messages that became interrupts. */
uint64_t machine_interrupts(void);

/* After a fork, in the child: it goes on with RAM of its own, in the kernel's reach only; no process runs again there.
 * Returns the RAM of both, as it was and, as long as the parent stands still, is; only to be read. */
const uint8_t *machine_part(void);

/* ---- between cpu.c and memory.c ---- */

/* A process has touched what is not there; has come to an instruction that there is not, as __builtin_trap is one. If
 * it was a process, they do not return. */
void machine_user_fault(uint64_t address, bool is_write);
void machine_user_trap(void);
/* Somebody does something: time goes on, what is due happens, and it may be the end of who does it. */
void machine_step(void);
void machine_pause(void);

enum {
    MACHINE_RAM_BYTES = 64 << 20,
    MACHINE_ECAM = 0x80000000u,
    MACHINE_BUSES = 2,
    MACHINE_ECAM_BYTES = MACHINE_BUSES << 20,
    MACHINE_BARS = 0x90000000u,
};

#endif
