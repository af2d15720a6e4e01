/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the holder of a Device may not do with it, tried against the raw operations and not through the driver kit: map
 * the MSI-X table, leave its BARs, master the bus without a pool, exceed its budget, use handles that are stale or of
 * another kind. The manifest gives it one virtio-blk device, 16 KiB of MMIO, one interrupt and a pool of 64 KiB.
 */
#include <clock.h>
#include <print.h>
#include <process.h>
#include <report.h>
#include <ring.h>

#include <stdbool.h>

enum {
    PAGE = 4096,
    CAP_MSIX = 0x11,
    MSIX_TABLE = 4,
    MSIX_PBA = 8,
    BARS = 6,
    MMIO_BUDGET_PAGES = 4,
    POOL_BUDGET_PAGES = 16,
};

static uint64_t device;

static enum tn_status call(uint32_t op, uint64_t handle, const uint64_t arg[5], struct tn_cqe *answer)
{
    struct tn_sqe sqe = {.op = op, .handle = handle, .arg = {arg[0], arg[1], arg[2], arg[3], arg[4]}};
    return tn_ring_call(&sqe, answer);
}

#define CALL(op, handle, answer, ...) call((op), (handle), (const uint64_t[5]){__VA_ARGS__}, (answer))

static void expect(const char *name, enum tn_status got, enum tn_status want)
{
    report_status(name, got, want);
}

static uint32_t config(uint32_t offset, uint32_t width)
{
    struct tn_cqe answer = {0};
    if (CALL(TN_OP_DEVICE_CONFIG_READ, device, &answer, offset, width) != TN_OK)
        report_count("config_readable", 0, 1);
    return (uint32_t)answer.value[0];
}

static uint64_t bar_bytes(uint64_t bar, uint64_t *flags)
{
    struct tn_cqe answer = {0};
    if (CALL(TN_OP_DEVICE_BAR, device, &answer, bar) != TN_OK)
        report_count("bar_readable", 0, 1);
    *flags = answer.value[1];
    return answer.value[0];
}

static uint32_t find_msix(void)
{
    uint32_t at = config(0x34, 1);
    for (int n = 0; n < 48 && at >= 0x40; n++) {
        if (config(at, 1) == CAP_MSIX)
            return at;
        at = config(at + 1, 1);
    }
    return 0;
}

/* A memory BAR that holds neither table nor PBA, with at least two pages: the device's registers. */
static uint32_t find_registers(uint32_t msix)
{
    for (uint32_t bar = 0; bar < BARS; bar++) {
        uint64_t flags;
        uint64_t bytes = bar_bytes(bar, &flags);
        if (flags & TN_BAR_MEMORY && bytes >= 2 * PAGE && bar != (config(msix + MSIX_TABLE, 4) & 7) &&
            bar != (config(msix + MSIX_PBA, 4) & 7))
            return bar;
    }
    return BARS;
}

static void config_space(void)
{
    expect("config_beyond_the_end", CALL(TN_OP_DEVICE_CONFIG_READ, device, NULL, 4096, 4), TN_ERANGE);
    expect("config_wraps", CALL(TN_OP_DEVICE_CONFIG_READ, device, NULL, UINT64_MAX - 3, 4), TN_ERANGE);
    expect("config_unaligned", CALL(TN_OP_DEVICE_CONFIG_READ, device, NULL, 2, 4), TN_EINVAL);
    expect("config_width", CALL(TN_OP_DEVICE_CONFIG_READ, device, NULL, 0, 8), TN_EINVAL);
    expect("bar_number", CALL(TN_OP_DEVICE_BAR, device, NULL, BARS), TN_ERANGE);
    uint32_t addresses = 0;
    for (uint32_t bar = 0; bar < BARS; bar++)
        addresses |= config(0x10 + 4 * bar, 4);
    report_count("bar_addresses_shown", addresses, 0);
}

static void windows(uint32_t msix, uint32_t registers)
{
    uint32_t table = config(msix + MSIX_TABLE, 4), pba = config(msix + MSIX_PBA, 4);
    uint64_t flags, bytes = bar_bytes(registers, &flags);
    struct tn_cqe window = {0}, again = {0};
    uint64_t table_page = (table & ~7u) / PAGE * PAGE, pba_page = (pba & ~7u) / PAGE * PAGE;
    expect("map_msix_table", CALL(TN_OP_MMIO_MAP, device, NULL, table & 7, table_page, PAGE), TN_EDENIED);
    expect("map_msix_pba", CALL(TN_OP_MMIO_MAP, device, NULL, pba & 7, pba_page, PAGE), TN_EDENIED);
    expect("map_beyond_the_bar", CALL(TN_OP_MMIO_MAP, device, NULL, registers, bytes, PAGE), TN_ERANGE);
    expect("map_longer_than_the_bar", CALL(TN_OP_MMIO_MAP, device, NULL, registers, PAGE, bytes), TN_ERANGE);
    expect("map_wraps", CALL(TN_OP_MMIO_MAP, device, NULL, registers, PAGE, UINT64_MAX - PAGE + 1), TN_ERANGE);
    expect("map_offset_wraps", CALL(TN_OP_MMIO_MAP, device, NULL, registers, UINT64_MAX - PAGE + 1, PAGE), TN_ERANGE);
    expect("map_unaligned", CALL(TN_OP_MMIO_MAP, device, NULL, registers, 1, PAGE), TN_EINVAL);
    expect("map_part_of_a_page", CALL(TN_OP_MMIO_MAP, device, NULL, registers, 0, 64), TN_EINVAL);
    expect("map_nothing", CALL(TN_OP_MMIO_MAP, device, NULL, registers, 0, 0), TN_EINVAL);
    expect("map_bar_number", CALL(TN_OP_MMIO_MAP, device, NULL, BARS, 0, PAGE), TN_ERANGE);
    expect("map_bar_number_wraps", CALL(TN_OP_MMIO_MAP, device, NULL, UINT64_C(1) << 32, 0, PAGE), TN_ERANGE);
    expect("map_at_the_budget", CALL(TN_OP_MMIO_MAP, device, &window, registers, 0, MMIO_BUDGET_PAGES * PAGE), TN_OK);
    expect("map_one_page_more", CALL(TN_OP_MMIO_MAP, device, NULL, registers, 0, PAGE), TN_EBUDGET);
    expect("window_as_interrupt", CALL(TN_OP_INTERRUPT_ACK, window.value[0], NULL, 1), TN_EKIND);
    expect("window_release", CALL(TN_OP_MMIO_RELEASE, window.value[0], NULL, 0), TN_OK);
    expect("window_stale", CALL(TN_OP_MMIO_RELEASE, window.value[0], NULL, 0), TN_ESTALE);
    expect("map_after_release", CALL(TN_OP_MMIO_MAP, device, &again, registers, 0, PAGE), TN_OK);
    report_count("address_not_used_again", again.value[1] == window.value[1], 0);
    expect("window_release_again", CALL(TN_OP_MMIO_RELEASE, again.value[0], NULL, 0), TN_OK);
}

/* What was in reach of a device that has mastered the bus is for nobody else, and is paid for, until it is known to be
 * silent. A window is there for as long as it is held, whatever was made before it and goes. */
static void window_beside_a_pool(uint32_t registers)
{
    struct tn_cqe pool = {0}, window = {0};
    expect("pool_before_a_window", CALL(TN_OP_POOL_CREATE, device, &pool, PAGE, 1), TN_OK);
    expect("window_behind_a_pool", CALL(TN_OP_MMIO_MAP, device, &window, registers, 0, PAGE), TN_OK);
    expect("bus_master_with_it", CALL(TN_OP_DEVICE_BUS_MASTER, device, NULL, 1), TN_OK);
    expect("pool_release", CALL(TN_OP_POOL_RELEASE, pool.value[0], NULL, 0), TN_OK);
    report_count("bus_master_goes_with_it", config(4, 2) & 4, 0);
    const volatile uint32_t *first = (const volatile uint32_t *)(uintptr_t)window.value[1];
    report_count("window_stays", *first == UINT32_MAX, 0);
    expect("window_release_last", CALL(TN_OP_MMIO_RELEASE, window.value[0], NULL, 0), TN_OK);
}

static void interrupts(uint32_t msix)
{
    uint32_t entries = (config(msix + 2, 2) & 0x7ff) + 1;
    struct tn_cqe route = {0}, other = {0};
    expect("bind_beyond_the_table", CALL(TN_OP_INTERRUPT_BIND, device, NULL, entries, 0), TN_ERANGE);
    expect("bind_entry_wraps", CALL(TN_OP_INTERRUPT_BIND, device, NULL, UINT64_C(1) << 32, 0), TN_ERANGE);
    expect("bind", CALL(TN_OP_INTERRUPT_BIND, device, &route, 0, 0), TN_OK);
    expect("bind_over_budget", CALL(TN_OP_INTERRUPT_BIND, device, NULL, 1, 0), TN_EBUDGET);
    expect("acknowledge_before_an_event", CALL(TN_OP_INTERRUPT_ACK, route.value[0], NULL, 0), TN_EINVAL);
    expect("acknowledge_a_guess", CALL(TN_OP_INTERRUPT_ACK, route.value[0], NULL, 1), TN_EINVAL);
    expect("interrupt_release", CALL(TN_OP_INTERRUPT_RELEASE, route.value[0], NULL, 0), TN_OK);
    expect("interrupt_stale", CALL(TN_OP_INTERRUPT_ACK, route.value[0], NULL, 1), TN_ESTALE);
    expect("bind_again", CALL(TN_OP_INTERRUPT_BIND, device, &other, 0, 0), TN_OK);
    expect("old_handle_after_rebind", CALL(TN_OP_INTERRUPT_RELEASE, route.value[0], NULL, 0), TN_ESTALE);
    expect("interrupt_release_again", CALL(TN_OP_INTERRUPT_RELEASE, other.value[0], NULL, 0), TN_OK);
}

static void dma(void)
{
    struct tn_cqe pool = {0}, shared = {0};
    const uint64_t budget = POOL_BUDGET_PAGES - 1; /* one page of window_beside_a_pool is kept until the claim's end */
    expect("bus_master_without_a_pool", CALL(TN_OP_DEVICE_BUS_MASTER, device, NULL, 1), TN_EPOLICY);
    expect("bus_master_word", CALL(TN_OP_DEVICE_BUS_MASTER, device, NULL, 2), TN_EINVAL);
    expect("pool_of_no_bytes", CALL(TN_OP_POOL_CREATE, device, NULL, 0, 1), TN_EINVAL);
    expect("pool_of_no_buffers", CALL(TN_OP_POOL_CREATE, device, NULL, PAGE, 0), TN_EINVAL);
    expect("pool_wraps", CALL(TN_OP_POOL_CREATE, device, NULL, UINT64_C(1) << 52, UINT64_C(1) << 12), TN_EINVAL);
    expect("pool_one_page_over_budget", CALL(TN_OP_POOL_CREATE, device, NULL, PAGE, budget + 1), TN_EBUDGET);
    expect("pool_at_the_budget", CALL(TN_OP_POOL_CREATE, device, &pool, PAGE, budget), TN_OK);
    expect("pool_no_second", CALL(TN_OP_POOL_CREATE, device, NULL, PAGE, 1), TN_EBUDGET);
    expect("payload_from_a_device_pool", CALL(TN_OP_BUFFER_ALLOC, pool.value[0], NULL, PAGE), TN_EKIND);
    expect("shared_of_nothing", CALL(TN_OP_SHARED_ALLOC, pool.value[0], NULL, 0), TN_ERANGE);
    expect("shared_longer_than_a_buffer", CALL(TN_OP_SHARED_ALLOC, pool.value[0], NULL, PAGE + 1), TN_ERANGE);
    expect("shared", CALL(TN_OP_SHARED_ALLOC, pool.value[0], &shared, PAGE), TN_OK);
    expect("shared_is_no_buffer", CALL(TN_OP_BUFFER_RELEASE, shared.value[0], NULL, 0), TN_EKIND);
    expect("pool_release_in_use", CALL(TN_OP_POOL_RELEASE, pool.value[0], NULL, 0), TN_ESTATE);
    expect("pool_as_device", CALL(TN_OP_DEVICE_BUS_MASTER, pool.value[0], NULL, 1), TN_EKIND);
    expect("bus_master", CALL(TN_OP_DEVICE_BUS_MASTER, device, NULL, 1), TN_OK);
    expect("bus_master_off", CALL(TN_OP_DEVICE_BUS_MASTER, device, NULL, 0), TN_OK);
}

/* ---- the end of the claim ---- */

struct asked {
    struct tn_source source;
    const char *name;
    enum tn_status want, got;
    bool is_answered;
};

static void answer_came(struct tn_source *source, const struct tn_cqe *cqe)
{
    struct asked *asked = (struct asked *)source;
    asked->got = (enum tn_status)cqe->status;
    asked->is_answered = true;
}

/* Everything that a Device is good for, behind its release in the same entry: the device is on its way to silence, and
 * what would be made of it now nobody would take away. */
static void give_up(uint32_t registers)
{
    static const struct {
        const char *name;
        uint32_t op;
        uint64_t arg[3];
        enum tn_status want;
    } order[] = {
        {"give_up", TN_OP_DEVICE_RELEASE, {0}, TN_OK},
        {"given_up_window", TN_OP_MMIO_MAP, {0, 0, PAGE}, TN_ESTALE},
        {"given_up_interrupt", TN_OP_INTERRUPT_BIND, {0}, TN_ESTALE},
        {"given_up_watch", TN_OP_DEVICE_WATCH, {0}, TN_ESTALE},
        {"given_up_pool", TN_OP_POOL_CREATE, {PAGE, 1}, TN_ESTALE},
        {"given_up_master", TN_OP_DEVICE_BUS_MASTER, {1}, TN_ESTALE},
        {"given_up_config", TN_OP_DEVICE_CONFIG_READ, {0, 4}, TN_ESTALE},
        {"given_up_bar", TN_OP_DEVICE_BAR, {0}, TN_ESTALE},
        {"given_up_query", TN_OP_DEVICE_QUERY, {0}, TN_ESTALE},
        {"given_up_twice", TN_OP_DEVICE_RELEASE, {0}, TN_ESTALE},
    };
    enum { ORDERS = sizeof order / sizeof order[0] };
    static struct asked asked[ORDERS];
    for (uint32_t i = 0; i < ORDERS; i++) {
        asked[i] =
            (struct asked){.source = {answer_came}, .name = order[i].name, .want = order[i].want, .got = TN_ETIMEDOUT};
        struct tn_sqe *sqe = tn_ring_push();
        *sqe = (struct tn_sqe){.op = order[i].op,
                               .handle = device,
                               .user_data = tn_source_user_data(&asked[i].source),
                               .arg = {order[i].arg[0], order[i].arg[1], order[i].arg[2]}};
        if (order[i].op == TN_OP_MMIO_MAP)
            sqe->arg[0] = registers;
    }
    for (uint32_t i = 0; i < ORDERS; i++) {
        for (uint64_t end = tn_deadline_in(5 * TN_SECOND); !asked[i].is_answered && tn_clock_now() < end;)
            (void)tn_ring_wait(1, end);
        expect(asked[i].name, asked[i].got, asked[i].want);
    }
}

static void numbers(void)
{
    expect("no_handle", CALL(TN_OP_DEVICE_BAR, TN_HANDLE_NONE, NULL, 0), TN_ESTALE);
    expect("all_ones", CALL(TN_OP_DEVICE_BAR, UINT64_MAX, NULL, 0), TN_ESTALE);
    expect("next_generation", CALL(TN_OP_DEVICE_BAR, device + (UINT64_C(1) << TN_HANDLE_SLOT_BITS), NULL, 0),
           TN_ESTALE);
    expect("next_slot", CALL(TN_OP_DEVICE_BAR, device + 1, NULL, 0), TN_ESTALE);
    expect("unknown_operation", CALL(4711, device, NULL, 0), TN_EINVAL);
    expect("gap_in_operations", CALL(TN_OP_CONSOLE_COMMAND + 1, TN_HANDLE_NONE, NULL, 0), TN_EINVAL);
    struct tn_sqe flags = {.op = TN_OP_NOP, .flags = 1u << 31};
    expect("unknown_flag", tn_ring_call(&flags, NULL), TN_EINVAL);
}

int tn_main(const struct tn_start *start)
{
    const struct tn_start_cap *cap = tn_start_find_kind(start, TN_KIND_DEVICE);
    if (cap == NULL)
        tn_die("the manifest gives no device");
    device = cap->handle;
    uint32_t msix = find_msix();
    uint32_t registers = find_registers(msix);
    report_count("device_has_msix_and_registers", msix != 0 && registers < BARS, 1);
    config_space();
    windows(msix, registers);
    window_beside_a_pool(registers);
    interrupts(msix);
    dma();
    numbers();
    give_up(registers);
    return report_end("device authority");
}
