/* SPDX-License-Identifier: Apache-2.0 */
/* Resets of a function: which one, in which order, how long, and what is written back. */
#include "pci/reset.h"

#include <tenure/abi/ring.h>

#include "unit.h"

enum { PORT, DISK, SISTER, FUNCTIONS };
enum { ACS = 0x140, ACS_CAPABLE = ACS + 4, ACS_CONTROL = ACS + 6 };

static struct pci_function machine[FUNCTIONS];
static uint8_t config[FUNCTIONS][4096];
static bool dead;         /* the function never answers again */
static uint32_t pending;  /* reads of the status that say: transactions pending */
static uint32_t resets;   /* that the functions below have seen */
static bool is_deaf;      /* a reset of the function changes nothing */
static bool acs_is_stuck; /* off, whatever is written */

static uint32_t function_of(uint32_t bdf)
{
    for (uint32_t i = 0; i < FUNCTIONS; i++)
        if (machine[i].bdf == bdf)
            return i;
    fail_msg("no function %x", bdf);
    return 0;
}

static uint32_t read(void *context, uint32_t bdf, uint32_t offset, uint32_t width)
{
    (void)context;
    uint32_t value = 0, i = function_of(bdf);
    if (dead && resets > 0 && i != PORT)
        return width == 4 ? UINT32_MAX : (1u << 8 * width) - 1;
    memcpy(&value, &config[i][offset], width);
    if (i == DISK && (offset == 0x40 + 10 || offset == 0x60 + 5) && pending > 0) {
        pending--;
        value |= offset == 0x40 + 10 ? 1 << 5 : 1;
    }
    return value;
}

static void reset_now(uint32_t i)
{
    resets++;
    if (is_deaf)
        return;
    memset(&config[i][PCI_COMMAND], 0, 2);
    memset(&config[i][PCI_BAR0], 0, 24);
    memset(&config[i][ACS_CONTROL], 0, 2);
}

static void write(void *context, uint32_t bdf, uint32_t offset, uint32_t width, uint32_t value)
{
    (void)context;
    uint32_t i = function_of(bdf);
    bool power_up = offset == 0x50 + 4 && (config[i][0x54] & 3) == 3 && (value & 3) == 0;
    if (offset == ACS_CONTROL && acs_is_stuck)
        return;
    memcpy(&config[i][offset], &value, width);
    if (i == DISK && ((offset == 0x40 + 8 && value >> 15) || (offset == 0x60 + 4 && value & 1) || power_up))
        reset_now(DISK);
    if (i == PORT && offset == 0x3e && value >> 6 & 1) {
        reset_now(DISK);
        reset_now(SISTER);
    }
}

static const struct pci_access access = {read, write, NULL};
static bool sister_is_free;

static bool may_reset(void *context, const struct pci_function *f)
{
    (void)context;
    return f == &machine[DISK] || sister_is_free;
}

static void build(void)
{
    memset(config, 0, sizeof config);
    dead = sister_is_free = is_deaf = acs_is_stuck = false;
    pending = resets = 0;
    machine[PORT] =
        (struct pci_function){.bdf = 0x18, .header = PCI_HEADER_BRIDGE, .parent = PCI_ROOT, .vendor = 0x8086};
    machine[DISK] = (struct pci_function){.bdf = 0x100, .parent = PORT, .vendor = 0x1af4};
    machine[SISTER] = (struct pci_function){.bdf = 0x101, .parent = PORT, .vendor = 0x1af4};
    machine[DISK].bar[0] =
        (struct pci_bar){.address = UINT64_C(0x480000000), .size = 0x4000, .flags = TN_BAR_MEMORY | TN_BAR_64BIT};
    machine[DISK].bar[2] = (struct pci_bar){.address = 0xfe000000, .size = 0x1000, .flags = TN_BAR_MEMORY};
    for (uint32_t i = 0; i < FUNCTIONS; i++)
        memcpy(config[i], &machine[i].vendor, 2);
}

/* Runs to the end; *ns is how long it took. */
static enum pci_reset_result run(struct pci_reset *r, uint64_t *ns)
{
    enum pci_reset_result result;
    pci_reset_begin(r, machine, FUNCTIONS, DISK, may_reset, NULL);
    uint64_t now = 1000;
    for (int steps = 0; (result = pci_reset_step(r, &access, now)) == PCI_RESET_WAIT; steps++) {
        assert_true(steps < 2000);
        assert_true(r->until >= now);
        now = r->until;
    }
    *ns = now - 1000;
    return result;
}

static void assert_written_back(void)
{
    uint32_t low, high, other;
    memcpy(&low, &config[DISK][PCI_BAR0], 4);
    memcpy(&high, &config[DISK][PCI_BAR0 + 4], 4);
    memcpy(&other, &config[DISK][PCI_BAR0 + 8], 4);
    assert_int_equal((uint64_t)high << 32 | low, UINT64_C(0x480000000));
    assert_int_equal(other, 0xfe000000);
    assert_int_equal(config[DISK][PCI_COMMAND] & PCI_COMMAND_BUS_MASTER, 0);
    assert_int_equal(config[DISK][PCI_COMMAND] & PCI_COMMAND_MEMORY, PCI_COMMAND_MEMORY);
}

static void test_each_method_resets_waits_and_writes_back(void **state)
{
    (void)state;
    struct pci_reset r;
    uint64_t ns;
    for (uint32_t method = PCI_RESET_FUNCTION; method < PCI_RESET_METHODS; method++) {
        build();
        machine[DISK].capabilities = (struct pci_capabilities){.express = 0x40, .power = 0x50, .advanced = 0x60};
        machine[DISK].features = (struct pci_features){.express_flr = method == PCI_RESET_FUNCTION,
                                                       .advanced_flr = method <= PCI_RESET_ADVANCED,
                                                       .no_soft_reset = method == PCI_RESET_BUS};
        sister_is_free = true;
        assert_int_equal(run(&r, &ns), PCI_RESET_DONE);
        assert_int_equal(r.method, method);
        assert_int_equal(resets, method == PCI_RESET_BUS ? 2 : 1);
        assert_true(ns >= (method == PCI_RESET_POWER ? 20u : 100u) * UINT64_C(1000000));
        assert_true(ns <= UINT64_C(110000000));
        assert_written_back();
        assert_string_not_equal(pci_reset_name(method), "?");
    }
}

static void test_pending_transactions_are_waited_for_and_told(void **state)
{
    (void)state;
    struct pci_reset r;
    uint64_t ns;
    build();
    machine[DISK].capabilities.express = 0x40;
    machine[DISK].features.express_flr = true;
    pending = 20;
    assert_int_equal(run(&r, &ns), PCI_RESET_DONE);
    assert_true(r.transactions_ended);
    assert_true(ns >= UINT64_C(120000000));
    build();
    machine[DISK].capabilities.express = 0x40;
    machine[DISK].features.express_flr = true;
    pending = UINT32_MAX; /* for ever: it is reset all the same, and said */
    assert_int_equal(run(&r, &ns), PCI_RESET_DONE);
    assert_false(r.transactions_ended);
    assert_true(ns < UINT64_C(210000000));
}

static void g10_a_function_that_does_not_answer_again_has_failed(void **state)
{
    (void)state;
    struct pci_reset r;
    uint64_t ns;
    build();
    machine[DISK].capabilities.express = 0x40;
    machine[DISK].features.express_flr = true;
    dead = true;
    assert_int_equal(run(&r, &ns), PCI_RESET_FAILED);
    assert_true(ns <= UINT64_C(1300000000));
}

static void g10_a_bus_is_not_reset_under_somebody_else(void **state)
{
    (void)state;
    struct pci_reset r;
    uint64_t ns;
    build();
    machine[DISK].features.no_soft_reset = true;
    assert_int_equal(run(&r, &ns), PCI_RESET_FAILED);
    assert_int_equal(r.method, PCI_RESET_NONE);
    assert_int_equal(resets, 0);
    sister_is_free = true;
    machine[SISTER].header = PCI_HEADER_BRIDGE; /* it would forget its bus numbers */
    assert_int_equal(run(&r, &ns), PCI_RESET_FAILED);
    machine[SISTER].header = PCI_HEADER_ENDPOINT;
    machine[PORT].bridge.fault = "no numbers";
    assert_int_equal(run(&r, &ns), PCI_RESET_FAILED);
    assert_int_equal(resets, 0);
}

static void g10_what_is_reset_with_a_function_has_its_registers_back(void **state)
{
    (void)state;
    struct pci_reset r;
    uint64_t ns;
    build();
    sister_is_free = true;
    machine[DISK].features.no_soft_reset = true;
    machine[SISTER].bar[1] = (struct pci_bar){.address = 0xfd000000, .size = 0x1000, .flags = TN_BAR_MEMORY};
    assert_false(pci_decodes(&machine[SISTER], &access));
    assert_int_equal(run(&r, &ns), PCI_RESET_DONE);
    assert_int_equal(r.method, PCI_RESET_BUS);
    assert_true(pci_decodes(&machine[DISK], &access));
    assert_true(pci_decodes(&machine[SISTER], &access));
    machine[SISTER].bar[1].address = 0; /* it found no place */
    assert_int_equal(run(&r, &ns), PCI_RESET_DONE);
    assert_int_equal(config[SISTER][PCI_COMMAND] & PCI_COMMAND_MEMORY, 0);
    assert_true(pci_decodes(&machine[DISK], &access));
    reset_now(DISK);
    assert_false(pci_decodes(&machine[DISK], &access));
}

/* It goes through the motions and goes on with the work that it had, for whoever claims it next. */
static void g10_a_function_that_forgets_nothing_was_not_reset(void **state)
{
    (void)state;
    struct pci_reset r;
    uint64_t ns;
    for (uint32_t method = PCI_RESET_FUNCTION; method < PCI_RESET_METHODS; method++)
        for (uint32_t bit = 0; bit < 16; bit++) {
            build();
            machine[DISK].capabilities = (struct pci_capabilities){.express = 0x40, .power = 0x50, .advanced = 0x60};
            machine[DISK].features = (struct pci_features){.express_flr = method == PCI_RESET_FUNCTION,
                                                           .advanced_flr = method <= PCI_RESET_ADVANCED,
                                                           .no_soft_reset = method == PCI_RESET_BUS};
            sister_is_free = is_deaf = true;
            config[DISK][PCI_COMMAND + bit / 8] = (uint8_t)(1 << bit % 8);
            bool tells = bit == 0 || bit == 1 || bit == 10; /* ports, memory, no lines */
            assert_int_equal(run(&r, &ns), tells ? PCI_RESET_FAILED : PCI_RESET_DONE);
            assert_int_equal(r.method, method);
        }
}

static uint32_t acs_of(uint32_t i)
{
    return config[i][ACS_CONTROL] | (uint32_t)config[i][ACS_CONTROL + 1] << 8;
}

/* The isolation groups were made with it on: without it the functions of a device reach each other past the IOMMU. */
static void g8_functions_are_kept_apart_after_a_reset_as_before(void **state)
{
    (void)state;
    struct pci_reset r;
    uint64_t ns;
    for (uint32_t method = PCI_RESET_FUNCTION; method < PCI_RESET_METHODS; method++) {
        build();
        machine[DISK].capabilities = (struct pci_capabilities){.express = 0x40, .power = 0x50, .advanced = 0x60};
        machine[DISK].features = (struct pci_features){.express_flr = method == PCI_RESET_FUNCTION,
                                                       .advanced_flr = method <= PCI_RESET_ADVANCED,
                                                       .no_soft_reset = method == PCI_RESET_BUS};
        sister_is_free = true;
        for (uint32_t i = DISK; i < FUNCTIONS; i++) {
            machine[i].capabilities.acs = ACS;
            config[i][ACS_CAPABLE] = PCI_ACS_ISOLATES_FUNCTION;
            machine[i].acs = pci_enable_acs(&access, machine[i].bdf, &machine[i].capabilities);
            assert_int_equal(acs_of(i), PCI_ACS_ISOLATES_FUNCTION);
        }
        assert_int_equal(run(&r, &ns), PCI_RESET_DONE);
        assert_int_equal(r.method, method);
        assert_int_equal(acs_of(DISK), PCI_ACS_ISOLATES_FUNCTION);
        assert_int_equal(acs_of(SISTER), PCI_ACS_ISOLATES_FUNCTION);
        acs_is_stuck = true;
        assert_int_equal(run(&r, &ns), PCI_RESET_FAILED);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_each_method_resets_waits_and_writes_back),
    cmocka_unit_test(test_pending_transactions_are_waited_for_and_told),
    cmocka_unit_test(g10_a_function_that_does_not_answer_again_has_failed),
    cmocka_unit_test(g10_a_bus_is_not_reset_under_somebody_else),
    cmocka_unit_test(g10_what_is_reset_with_a_function_has_its_registers_back),
    cmocka_unit_test(g10_a_function_that_forgets_nothing_was_not_reset),
    cmocka_unit_test(g8_functions_are_kept_apart_after_a_reset_as_before),
};

UNIT_MAIN(tests)
