/* SPDX-License-Identifier: Apache-2.0 */
/* Isolation groups: who can reach whom without passing the IOMMU. */
#include "pci/group.h"

#include "unit.h"

enum { ALL_ACS = PCI_ACS_ISOLATES_PORT };

static struct pci_function endpoint(uint32_t bus, uint32_t device, uint32_t function, uint8_t type, uint16_t acs)
{
    return (struct pci_function){
        .bdf = pci_bdf(bus, device, function), .features = {.express_type = type}, .acs = acs, .parent = PCI_ROOT};
}

static struct pci_function bridge(uint32_t bus, uint32_t device, uint8_t type, uint16_t acs, uint8_t secondary,
                                  uint8_t subordinate)
{
    struct pci_function f = endpoint(bus, device, 0, type, acs);
    f.header = PCI_HEADER_BRIDGE;
    f.bridge = (struct pci_bridge){.primary = (uint8_t)bus, .secondary = secondary, .subordinate = subordinate};
    return f;
}

static void check(struct pci_function *f, uint32_t count, const uint16_t *expected)
{
    (void)pci_link_bridges(f, count);
    uint32_t groups = pci_group(f, count), highest = 0;
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(f[i].group, expected[i]);
        highest = expected[i] > highest ? expected[i] : highest;
    }
    assert_int_equal(groups, highest + 1);
}

static void endpoints_behind_ports_with_acs_are_apart(void **state)
{
    (void)state;
    struct pci_function f[] = {
        endpoint(0, 0, 0, PCI_EXPRESS_NONE, 0),
        bridge(0, 1, PCI_EXPRESS_ROOT_PORT, ALL_ACS, 1, 1),
        bridge(0, 2, PCI_EXPRESS_ROOT_PORT, ALL_ACS, 2, 2),
        endpoint(1, 0, 0, PCI_EXPRESS_ENDPOINT, 0),
        endpoint(2, 0, 0, PCI_EXPRESS_ENDPOINT, 0),
    };
    check(f, 5, (const uint16_t[]){0, 1, 2, 3, 4});
}

static void a_port_without_acs_joins_what_is_behind_it_and_behind_its_neighbours(void **state)
{
    (void)state;
    for (uint32_t bit = 0; bit < 16; bit++) { /* each of the four bits is needed */
        uint16_t acs = (uint16_t)(ALL_ACS & ~(1u << bit));
        struct pci_function f[] = {
            bridge(0, 1, PCI_EXPRESS_ROOT_PORT, acs, 1, 1), bridge(0, 2, PCI_EXPRESS_ROOT_PORT, ALL_ACS, 2, 2),
            endpoint(0, 3, 0, PCI_EXPRESS_INTEGRATED, 0),   endpoint(1, 0, 0, PCI_EXPRESS_ENDPOINT, 0),
            endpoint(2, 0, 0, PCI_EXPRESS_ENDPOINT, 0),
        };
        if (acs == ALL_ACS)
            check(f, 5, (const uint16_t[]){0, 1, 2, 3, 4});
        else
            check(f, 5, (const uint16_t[]){0, 0, 1, 0, 0});
    }
}

static void a_switch_without_acs_is_one_group_below_its_upstream_port(void **state)
{
    (void)state;
    struct pci_function f[] = {
        bridge(0, 1, PCI_EXPRESS_ROOT_PORT, ALL_ACS, 1, 4), bridge(1, 0, PCI_EXPRESS_UPSTREAM, 0, 2, 4),
        bridge(2, 0, PCI_EXPRESS_DOWNSTREAM, 0, 3, 3),      bridge(2, 1, PCI_EXPRESS_DOWNSTREAM, ALL_ACS, 4, 4),
        endpoint(3, 0, 0, PCI_EXPRESS_ENDPOINT, 0),         endpoint(4, 0, 0, PCI_EXPRESS_ENDPOINT, 0),
    };
    check(f, 6, (const uint16_t[]){0, 1, 2, 2, 2, 2});
    f[2].acs = ALL_ACS;
    check(f, 6, (const uint16_t[]){0, 1, 2, 3, 4, 5});
    f[2].acs = ALL_ACS | PCI_ACS_DIRECT_TRANSLATED; /* it does not go off: what says "translated" is not redirected */
    check(f, 6, (const uint16_t[]){0, 1, 2, 2, 2, 2});
}

static void functions_of_a_device_are_together_unless_both_redirect(void **state)
{
    (void)state;
    struct pci_function f[] = {
        endpoint(0, 4, 0, PCI_EXPRESS_NONE, 0),
        endpoint(0, 4, 1, PCI_EXPRESS_NONE, 0),
        endpoint(0, 5, 0, PCI_EXPRESS_INTEGRATED, PCI_ACS_ISOLATES_FUNCTION),
        endpoint(0, 5, 1, PCI_EXPRESS_INTEGRATED, PCI_ACS_ISOLATES_FUNCTION),
        endpoint(0, 5, 2, PCI_EXPRESS_INTEGRATED, PCI_ACS_REQUEST_REDIRECT),
        endpoint(0, 6, 0, PCI_EXPRESS_NONE, 0),
    };
    check(f, 4, (const uint16_t[]){0, 0, 1, 2});
    check(f, 6, (const uint16_t[]){0, 0, 1, 1, 1, 2});
}

static void what_is_behind_a_bridge_to_conventional_pci_is_one_group_with_it(void **state)
{
    (void)state;
    struct pci_function f[] = {
        bridge(0, 1, PCI_EXPRESS_ROOT_PORT, ALL_ACS, 1, 3),
        endpoint(0, 2, 0, PCI_EXPRESS_NONE, 0),
        bridge(1, 0, PCI_EXPRESS_TO_PCI, 0, 2, 3),
        endpoint(2, 1, 0, PCI_EXPRESS_NONE, 0),
        bridge(2, 2, PCI_EXPRESS_NONE, 0, 3, 3),
        endpoint(3, 7, 0, PCI_EXPRESS_NONE, 0),
    };
    check(f, 6, (const uint16_t[]){0, 1, 2, 2, 2, 2});
}

static void what_is_on_the_buses_of_a_broken_bridge_is_one_group_with_it(void **state)
{
    (void)state;
    struct pci_function f[] = {
        bridge(0, 1, PCI_EXPRESS_ROOT_PORT, ALL_ACS, 1, 2),
        bridge(0, 2, PCI_EXPRESS_ROOT_PORT, ALL_ACS, 2, 2),
        endpoint(1, 0, 0, PCI_EXPRESS_ENDPOINT, 0),
        endpoint(2, 0, 0, PCI_EXPRESS_ENDPOINT, 0),
    };
    check(f, 4, (const uint16_t[]){0, 0, 0, 0});
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(endpoints_behind_ports_with_acs_are_apart),
    cmocka_unit_test(a_port_without_acs_joins_what_is_behind_it_and_behind_its_neighbours),
    cmocka_unit_test(a_switch_without_acs_is_one_group_below_its_upstream_port),
    cmocka_unit_test(functions_of_a_device_are_together_unless_both_redirect),
    cmocka_unit_test(what_is_behind_a_bridge_to_conventional_pci_is_one_group_with_it),
    cmocka_unit_test(what_is_on_the_buses_of_a_broken_bridge_is_one_group_with_it),
};
UNIT_MAIN(tests)
