/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence for a function that is gone: its own silence is none, the word of a port above it is. */
#include "pci/presence.h"
#include "unit.h"

enum { PORT = 0x08, SWITCH = 0x100, BELOW = 0x200, CAPABILITY = 0x40, FUNCTIONS = 3 };

/* Registers of the root port; who answers at all. */
static struct {
    uint16_t flags, link_status, slot_status;
    uint32_t link_capabilities;
    bool is_there[FUNCTIONS];
} bus;

static struct pci_function functions[FUNCTIONS];

static uint32_t read(void *context, uint32_t bdf, uint32_t offset, uint32_t width)
{
    (void)context;
    uint32_t who = bdf == PORT ? 0 : bdf == SWITCH ? 1 : 2;
    if (!bus.is_there[who])
        return UINT32_MAX >> (32 - 8 * width);
    if (offset == PCI_VENDOR_ID)
        return 0x1234;
    if (who != 0)
        return 0;
    switch (offset - CAPABILITY) {
    case 0x02:
        return bus.flags;
    case 0x0c:
        return bus.link_capabilities;
    case 0x12:
        return bus.link_status;
    case 0x1a:
        return bus.slot_status;
    default:
        return 0;
    }
}

static const struct pci_access access = {.read = read};

/* A root port with a slot in use, a switch in it, a function below. */
static void set_up(void)
{
    bus.flags = 1 << 8;
    bus.link_capabilities = 1 << 20;
    bus.link_status = 1 << 13;
    bus.slot_status = 1 << 6;
    for (uint32_t i = 0; i < FUNCTIONS; i++)
        bus.is_there[i] = true;
    functions[0] = (struct pci_function){.bdf = PORT, .parent = PCI_ROOT};
    functions[0].capabilities.express = CAPABILITY;
    functions[0].features.express_type = PCI_EXPRESS_ROOT_PORT;
    functions[1] = (struct pci_function){.bdf = SWITCH, .parent = 0};
    functions[2] = (struct pci_function){.bdf = BELOW, .parent = 1};
}

static void g10_a_function_that_is_silent_is_not_gone_for_it(void **state)
{
    (void)state;
    set_up();
    assert_false(pci_is_gone(functions, 2, &access));
    bus.is_there[2] = bus.is_there[1] = false;
    assert_false(pci_is_gone(functions, 2, &access)); /* its port has something in its slot, and a link */
    assert_false(pci_is_gone(functions, 1, &access));
    bus.is_there[0] = false; /* nobody left to say it */
    assert_false(pci_is_gone(functions, 2, &access));
}

static void g10_it_is_gone_when_the_port_above_says_so(void **state)
{
    (void)state;
    set_up();
    bus.is_there[2] = bus.is_there[1] = false;
    bus.slot_status = 0;
    assert_true(pci_is_gone(functions, 1, &access));
    assert_true(pci_is_gone(functions, 2, &access));
    bus.slot_status = 1 << 6;
    bus.link_status = 0;
    assert_true(pci_is_gone(functions, 1, &access));
    bus.link_capabilities = 0; /* it does not say anything about its link */
    assert_false(pci_is_gone(functions, 1, &access));
    bus.slot_status = 0;
    bus.flags = 0; /* nor has it a slot */
    assert_false(pci_is_gone(functions, 1, &access));
}

static void g10_the_word_of_a_port_counts_only_for_who_does_not_answer(void **state)
{
    (void)state;
    set_up();
    bus.slot_status = bus.link_status = 0;
    assert_false(pci_is_gone(functions, 1, &access));
    bus.is_there[2] = false; /* below a switch that answers, and is no port itself */
    assert_false(pci_is_gone(functions, 2, &access));
    functions[0].features.express_type = PCI_EXPRESS_ENDPOINT;
    bus.is_there[1] = false;
    assert_false(pci_is_gone(functions, 1, &access));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g10_a_function_that_is_silent_is_not_gone_for_it),
    cmocka_unit_test(g10_it_is_gone_when_the_port_above_says_so),
    cmocka_unit_test(g10_the_word_of_a_port_counts_only_for_who_does_not_answer),
};

UNIT_MAIN(tests)
