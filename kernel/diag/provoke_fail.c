/* SPDX-License-Identifier: Apache-2.0 */
/* See provoke_fail.h. */
#include "diag/provoke_fail.h"

#include <stddef.h>

#include "diag/provoke_words.h"
#include "lib/string.h"
#include "proc/process.h"

enum { FIELDS = 3 };

static struct {
    char label[TN_NAME_MAX];
    uint64_t first, step;
    bool of_all;
    uint64_t until; /* allocations from now on, the last of which fails; 0: none does */
} plan;

void provoke_fail_from_command_line(void)
{
    static char text[PROVOKE_TEXT];
    char *field[FIELDS];
    if (!provoke_words("fail", text, field, FIELDS, FIELDS))
        return;
    text_copy(plan.label, field[0], sizeof plan.label);
    plan.of_all = text_equal(field[0], "all");
    plan.first = provoke_number(field[1]);
    plan.step = provoke_number(field[2]);
}

void provoke_fail_begin(const struct process *process)
{
    if (!process && plan.of_all)
        plan.until = plan.first;
    else if (process && text_equal(process->name, plan.label))
        plan.until = plan.first + (process->restarts - 1) * plan.step;
}

void provoke_fail_end(void)
{
    if (!plan.of_all)
        plan.until = 0;
}

bool provoke_fail_now(void)
{
    return plan.until != 0 && --plan.until == 0;
}
