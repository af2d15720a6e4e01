/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting verdicts. A run that ended before its last case is caught by the number of cases it must have seen.
 */
#include "report.h"

#include "mem.h"
#include "print.h"

static char failed[128]; /* names, with commas; what does not fit is only counted */
static uint32_t failed_length;
static uint32_t failures;
static uint32_t cases;

static void note(const char *name)
{
    failures++;
    uint32_t length = 0;
    while (name[length] != '\0')
        length++;
    if (failed_length + length + 2 > sizeof(failed))
        return;
    if (failed_length > 0)
        failed[failed_length++] = ',';
    memcpy(failed + failed_length, name, length);
    failed_length += length;
}

void report_status(const char *name, enum tn_status got, enum tn_status want)
{
    cases++;
    if (got == want) {
        tn_print("case %s: ok", name);
        return;
    }
    tn_print("case %s: FAIL got=%s want=%s", name, tn_status_name(got), tn_status_name(want));
    note(name);
}

void report_count(const char *name, uint64_t got, uint64_t want)
{
    cases++;
    if (got == want) {
        tn_print("case %s: ok", name);
        return;
    }
    tn_print("case %s: FAIL got=%lu want=%lu", name, got, want);
    note(name);
}

int report_end(const char *subject)
{
    if (failures == 0 && cases > 0) {
        tn_print("cases: %u", cases);
        tn_print("SELFTEST: %s ok", subject);
        return 0;
    }
    tn_print("SELFTEST: %s FAIL cases=%s failed=%u of=%u", subject, failed, failures, cases);
    return 1;
}
