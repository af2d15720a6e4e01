/* SPDX-License-Identifier: Apache-2.0 */
/* See provoke_kill.h. */
#include "diag/provoke_kill.h"

#include <stddef.h>
#include <stdint.h>

#include "diag/panic.h"
#include "diag/provoke_words.h"
#include "lib/string.h"
#include "proc/process.h"

enum { RFLAGS_TRAP = 1 << 8, FIELDS = 5 };

static struct {
    char label[TN_NAME_MAX];
    bool by_instruction;
    uint64_t first, step, after;
    uint64_t instructions; /* of this incarnation so far */
} plan;

void provoke_kill_from_command_line(void)
{
    static char text[PROVOKE_TEXT];
    char *field[FIELDS];
    if (!provoke_words("kill", text, field, FIELDS - 1, FIELDS))
        return;
    plan.by_instruction = text_equal(field[1], "insn");
    if (plan.by_instruction != (field[FIELDS - 1] != NULL) || !(plan.by_instruction || text_equal(field[1], "entry")))
        panic("kill: LABEL,entry,FIRST,STEP or LABEL,insn,FIRST,STEP,AFTER");
    text_copy(plan.label, field[0], sizeof plan.label);
    plan.first = provoke_number(field[2]);
    plan.step = provoke_number(field[3]);
    plan.after = plan.by_instruction ? provoke_number(field[4]) : 0;
}

static bool is_meant(const struct process *p)
{
    return plan.label[0] != '\0' && text_equal(p->name, plan.label);
}

static uint64_t point_of(const struct process *p)
{
    return plan.first + p->restarts * plan.step;
}

static void count_instructions(struct process *p)
{
    if (plan.by_instruction && p->entries == plan.after)
        p->frame.rflags |= RFLAGS_TRAP;
}

void provoke_kill_started(struct process *p)
{
    if (!is_meant(p))
        return;
    plan.instructions = 0;
    count_instructions(p);
}

bool provoke_kill_at_entry(struct process *p)
{
    if (!is_meant(p))
        return false;
    count_instructions(p);
    if (plan.by_instruction || p->entries != point_of(p))
        return false;
    process_end(p, TN_END_KILLED, TN_KILLED);
    return true;
}

bool provoke_kill_at_instruction(struct process *p)
{
    if (!is_meant(p) || !plan.by_instruction)
        return false;
    if (++plan.instructions == point_of(p))
        process_end(p, TN_END_KILLED, TN_KILLED);
    return true;
}
