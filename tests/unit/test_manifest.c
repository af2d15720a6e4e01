/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's own check of a compiled manifest: the compiler in tools/ is not trusted. */
#include "proc/manifest.h"

#include <tenure/abi/handle.h>

#include "unit.h"

struct file {
    struct tn_manifest header;
    struct tn_manifest_process process[2];
};

static void build(struct file *f)
{
    memset(f, 0, sizeof *f);
    f->header.magic = TN_MANIFEST_MAGIC;
    f->header.version = TN_MANIFEST_VERSION;
    f->header.bytes = sizeof *f;
    f->header.process_count = 2;
    strcpy(f->header.name, "test");
    for (int i = 0; i < 2; i++) {
        struct tn_manifest_process *p = &f->process[i];
        strcpy(p->name, i ? "client" : "server");
        strcpy(p->image, "image");
        p->budget.sq_entries = 8;
        p->budget.cq_entries = 1024;
        p->budget.cap_slots = 16;
    }
    strcpy(f->process[0].serves, "blk0");
    f->process[1].flags = TN_PROCESS_JOB;
    f->process[0].device_count = 1;
    f->process[0].device[0].match = TN_MATCH_ID;
    f->process[1].use_count = 1;
    strcpy(f->process[1].use[0].service, "blk0");
    f->process[1].use[0].rights = TN_RIGHT_READ;
}

static void a_good_manifest_is_read(void **state)
{
    (void)state;
    struct file f;
    const struct tn_manifest *m = NULL;
    struct manifest_error e;
    build(&f);
    assert_ok(manifest_read(&f, sizeof f, &m, &e));
    assert_ptr_equal(m, &f.header);
}

static void expect(const struct file *f, const char *message)
{
    const struct tn_manifest *m = NULL;
    struct manifest_error e = {0};
    assert_int_equal(manifest_read(f, sizeof *f, &m, &e), TN_EPROTOCOL);
    assert_null(m);
    if (!strstr(e.what, message))
        fail_msg("wanted \"%s\", got \"%s\"", message, e.what);
}

#define WRONG(message, change)                                                                                         \
    do {                                                                                                               \
        struct file f;                                                                                                 \
        build(&f);                                                                                                     \
        change;                                                                                                        \
        expect(&f, message);                                                                                           \
    } while (0)

static void every_field_out_of_range_is_refused(void **state)
{
    (void)state;
    WRONG("magic", f.header.magic ^= 1);
    WRONG("version", f.header.version++);
    WRONG("length", f.header.bytes--);
    WRONG("no process is a job", f.process[1].flags = 0);
    WRONG("number of processes", f.header.process_count = 0);
    WRONG("number of processes", f.header.process_count = TN_MANIFEST_PROCESSES_MAX + 1);
    WRONG("length", f.header.process_count = 1);
    WRONG("without an end", memset(f.header.name, 'x', TN_NAME_MAX));
    WRONG("out of range", memset(f.process[1].name, 'x', TN_NAME_MAX));
    WRONG("no name", f.process[1].name[0] = 0);
    WRONG("no image", f.process[0].image[0] = 0);
    WRONG("arguments", memset(f.process[0].args, 'x', TN_ARGS_MAX));
    WRONG("out of range", memset(f.process[0].serves, 'x', TN_NAME_MAX));
    WRONG("unknown flags", f.process[0].flags = 32);
    WRONG("no process is a supervisor", f.process[0].restart.limit = 1);
    WRONG("not started again", f.process[1].restart.limit = 1); /* a job */
    WRONG("not started again", (f.process[0].flags = TN_PROCESS_SUPERVISOR, f.process[0].restart.limit = 1));
    WRONG("more than one supervisor",
          (f.process[0].flags = TN_PROCESS_SUPERVISOR, f.process[1].flags |= TN_PROCESS_SUPERVISOR));
    WRONG("sq_entries", f.process[0].budget.sq_entries = 9);
    WRONG("sq_entries", f.process[0].budget.sq_entries = 4);
    WRONG("cq_entries", f.process[1].budget.cq_entries = 2048);
    WRONG("cap_slots", f.process[1].budget.cap_slots = 0);
    WRONG("cap_slots", f.process[1].budget.cap_slots = 1u << 20);
    WRONG("out of range", f.process[0].device_count = TN_MANIFEST_DEVICES_MAX + 1);
    WRONG("out of range", f.process[1].use_count = TN_MANIFEST_USES_MAX + 1);
    WRONG("unknown match", f.process[0].device[0].match = 0);
    WRONG("DMA policy", f.process[0].device[0].policy = 4);
    WRONG("device entry with unknown flags", f.process[0].device[0].flags = 8);
    WRONG("unknown rights", f.process[1].use[0].rights = TN_RIGHT_CONTROL);
    WRONG("exactly one", strcpy(f.process[1].use[0].service, "blk1"));
    WRONG("exactly one", strcpy(f.process[1].serves, "blk0"));
    WRONG("without a name", f.process[1].use[0].service[0] = 0);
    WRONG("two processes", strcpy(f.process[1].name, "server"));
}

/* It has one wait open for each, and room for the answers of its calls. */
static void g6_a_supervisor_has_places_for_the_ends_of_all_it_starts_again(void **state)
{
    (void)state;
    enum { RESTARTED = 7 };
    struct {
        struct tn_manifest header;
        struct tn_manifest_process process[2 + RESTARTED];
    } f = {0};
    struct file two;
    const struct tn_manifest *m = NULL;
    struct manifest_error e = {0};
    build(&two);
    f.header = two.header;
    f.header.bytes = sizeof f;
    f.header.process_count = 2 + RESTARTED;
    memcpy(f.process, two.process, sizeof two.process);
    for (uint32_t i = 0; i < RESTARTED; i++) {
        struct tn_manifest_process *p = &f.process[2 + i];
        *p = two.process[0];
        snprintf(p->name, sizeof p->name, "more%u", i);
        p->serves[0] = 0;
        p->restart.limit = 1;
    }
    f.process[0].flags = TN_PROCESS_SUPERVISOR;
    f.process[0].budget.cq_entries = 8;
    assert_int_equal(manifest_read(&f, sizeof f, &m, &e), TN_EPROTOCOL);
    assert_non_null(strstr(e.what, "cq_entries of a supervisor"));
    assert_int_equal(e.value, RESTARTED);
    f.process[2].restart.limit = 0;
    assert_ok(manifest_read(&f, sizeof f, &m, &e));
}

static void no_truncation_is_taken(void **state)
{
    (void)state;
    struct file f;
    build(&f);
    for (size_t n = 0; n < sizeof f; n++) {
        uint8_t *cut = malloc(n ? n : 1);
        const struct tn_manifest *m = NULL;
        struct manifest_error e;
        assert_non_null(cut);
        memcpy(cut, &f, n);
        enum tn_status status = manifest_read(cut, n, &m, &e);
        free(cut);
        assert_int_equal(status, TN_EPROTOCOL);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_good_manifest_is_read),
    cmocka_unit_test(every_field_out_of_range_is_refused),
    cmocka_unit_test(g6_a_supervisor_has_places_for_the_ends_of_all_it_starts_again),
    cmocka_unit_test(no_truncation_is_taken),
};
UNIT_MAIN(tests)
