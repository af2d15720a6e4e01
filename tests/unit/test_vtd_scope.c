/* SPDX-License-Identifier: Apache-2.0 */
/* Which unit a function is behind, and under which ids its requests arrive. */
#include "iommu/vtd/scope.h"
#include "pci/requester.h"

#include "unit.h"

enum { ENDPOINT, ROOT_PORT, UPSTREAM, DOWNSTREAM, DEEP, TO_PCI, OLD, OLD_BRIDGE, OLDER, MACHINE };

/* 00:02.0 endpoint; 00:03.0 root port to a switch (1: up, 2: down) to 03:00.0; 00:04.0 bridge to PCI, bus 5, with
 * 05:07.0 and a PCI bridge to bus 6 with 06:01.2. */
static struct pci_function machine[MACHINE];

static struct pci_function function(uint32_t bus, uint32_t device, uint32_t number, uint8_t type)
{
    return (struct pci_function){
        .bdf = pci_bdf(bus, device, number), .parent = PCI_ROOT, .features = {.express_type = type}};
}

static struct pci_function bridge(uint32_t bus, uint32_t device, uint8_t type, uint8_t secondary, uint8_t subordinate)
{
    struct pci_function f = function(bus, device, 0, type);
    f.header = PCI_HEADER_BRIDGE;
    f.bridge = (struct pci_bridge){.primary = (uint8_t)bus, .secondary = secondary, .subordinate = subordinate};
    return f;
}

static void build(void)
{
    machine[ENDPOINT] = function(0, 2, 0, PCI_EXPRESS_NONE);
    machine[ROOT_PORT] = bridge(0, 3, PCI_EXPRESS_ROOT_PORT, 1, 3);
    machine[UPSTREAM] = bridge(1, 0, PCI_EXPRESS_UPSTREAM, 2, 3);
    machine[DOWNSTREAM] = bridge(2, 0, PCI_EXPRESS_DOWNSTREAM, 3, 3);
    machine[DEEP] = function(3, 0, 0, PCI_EXPRESS_ENDPOINT);
    machine[TO_PCI] = bridge(0, 4, PCI_EXPRESS_TO_PCI, 5, 6);
    machine[OLD] = function(5, 7, 0, PCI_EXPRESS_NONE);
    machine[OLD_BRIDGE] = bridge(5, 8, PCI_EXPRESS_NONE, 6, 6);
    machine[OLDER] = function(6, 1, 2, PCI_EXPRESS_NONE);
    /* the link wants bdf order; parents are told here instead */
    machine[UPSTREAM].parent = ROOT_PORT;
    machine[DOWNSTREAM].parent = UPSTREAM;
    machine[DEEP].parent = DOWNSTREAM;
    machine[OLD].parent = TO_PCI;
    machine[OLD_BRIDGE].parent = TO_PCI;
    machine[OLDER].parent = OLD_BRIDGE;
}

static void g8_requests_arrive_under_the_ids_of_conventional_bridges(void **state)
{
    (void)state;
    uint16_t id[PCI_REQUESTERS_MAX];
    build();
    assert_int_equal(pci_requesters(machine, ENDPOINT, id), 1);
    assert_int_equal(id[0], 0x0010);
    assert_int_equal(pci_requesters(machine, DEEP, id), 1); /* Express bridges pass ids on */
    assert_int_equal(id[0], 0x0300);
    assert_int_equal(pci_requesters(machine, OLD, id), 3);
    assert_int_equal(id[0], 0x0538);
    assert_int_equal(id[1], 0x0500);
    assert_int_equal(id[2], 0x0020);
    assert_int_equal(pci_requesters(machine, OLDER, id), 4);
    assert_int_equal(id[0], 0x060a);
    assert_int_equal(id[1], 0x0540);
    assert_int_equal(pci_message_requester(machine, ENDPOINT), 0x0010);
    assert_int_equal(pci_message_requester(machine, DEEP), 0x0300);
    assert_int_equal(pci_message_requester(machine, OLD), 0x0500);
    assert_int_equal(pci_message_requester(machine, OLDER), 0x0500); /* the topmost */
    machine[OLD_BRIDGE].bridge.fault = "no numbers";
    assert_int_equal(pci_requesters(machine, OLDER, id), 0);
}

static struct dmar dmar;

static void add(uint8_t type, uint8_t flags, uint8_t scope_type, uint8_t id, uint8_t bus, uint8_t steps,
                const uint8_t *path)
{
    struct dmar_structure *s = &dmar.structure[dmar.count++];
    *s = (struct dmar_structure){.type = type, .flags = flags, .first_scope = dmar.scope_count};
    if (steps == 0)
        return;
    struct dmar_scope *scope = &dmar.scope[dmar.scope_count++];
    *scope = (struct dmar_scope){.type = scope_type, .id = id, .bus = bus, .steps = steps};
    memcpy(scope->path, path, steps);
    s->scope_count = 1;
}

static void g8_a_function_is_behind_the_unit_that_names_it_or_a_bridge_above_it(void **state)
{
    (void)state;
    build();
    memset(&dmar, 0, sizeof dmar);
    const uint8_t endpoint[] = {2 << 3}, port[] = {3 << 3}, deep[] = {3 << 3, 0, 0, 0}, ioapic[] = {0};
    add(DMAR_DRHD, 0, DMAR_SCOPE_ENDPOINT, 0, 0, 1, endpoint);
    add(DMAR_DRHD, 0, DMAR_SCOPE_BRIDGE, 0, 0, 1, port);
    add(DMAR_RMRR, 0, DMAR_SCOPE_ENDPOINT, 0, 0, 4, deep);
    add(DMAR_DRHD, DMAR_EVERYTHING_ELSE, DMAR_SCOPE_IO_APIC, 9, 0xff, 1, ioapic);
    assert_int_equal(vtd_unit_of(&dmar, machine, MACHINE, ENDPOINT), 0);
    assert_int_equal(vtd_unit_of(&dmar, machine, MACHINE, ROOT_PORT), 1);
    assert_int_equal(vtd_unit_of(&dmar, machine, MACHINE, DEEP), 1);
    assert_int_equal(vtd_unit_of(&dmar, machine, MACHINE, OLDER), 3);
    assert_true(vtd_scope_covers(&dmar, &dmar.structure[2], machine, MACHINE, DEEP)); /* by the path through a switch */
    assert_false(vtd_scope_covers(&dmar, &dmar.structure[2], machine, MACHINE, DOWNSTREAM));
    uint16_t requester;
    assert_int_equal(vtd_unit_of_ioapic(&dmar, machine, MACHINE, 9, &requester), 3);
    assert_int_equal(requester, 0xff00);
    assert_int_equal(vtd_unit_of_ioapic(&dmar, machine, MACHINE, 8, &requester), VTD_NO_STRUCTURE);
    dmar.count = 3;
    assert_int_equal(vtd_unit_of(&dmar, machine, MACHINE, OLDER), VTD_NO_STRUCTURE);
    machine[ENDPOINT].bdf |= 1u << 16; /* another segment */
    assert_int_equal(vtd_unit_of(&dmar, machine, MACHINE, ENDPOINT), VTD_NO_STRUCTURE);
}

static void g8_an_endpoint_scope_does_not_cover_what_is_behind_it(void **state)
{
    (void)state;
    build();
    memset(&dmar, 0, sizeof dmar);
    const uint8_t port[] = {3 << 3}, nowhere[] = {2 << 3, 0};
    add(DMAR_DRHD, 0, DMAR_SCOPE_ENDPOINT, 0, 0, 1, port);
    add(DMAR_DRHD, 0, DMAR_SCOPE_ENDPOINT, 0, 0, 2, nowhere); /* through a function that is no bridge */
    assert_int_equal(vtd_unit_of(&dmar, machine, MACHINE, DEEP), VTD_NO_STRUCTURE);
    assert_int_equal(vtd_unit_of(&dmar, machine, MACHINE, ENDPOINT), VTD_NO_STRUCTURE);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g8_requests_arrive_under_the_ids_of_conventional_bridges),
    cmocka_unit_test(g8_a_function_is_behind_the_unit_that_names_it_or_a_bridge_above_it),
    cmocka_unit_test(g8_an_endpoint_scope_does_not_cover_what_is_behind_it),
};

UNIT_MAIN(tests)
