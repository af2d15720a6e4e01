/* SPDX-License-Identifier: Apache-2.0 */
/* See provoke_kill.h. */
#include "diag/provoke_kill.h"

#include <stdint.h>

#include "boot/command_line.h"
#include "diag/log.h"
#include "diag/panic.h"
#include "lib/string.h"
#include "proc/process.h"

enum { RFLAGS_TRAP = 1 << 8, FIELD_MAX = 32, FIELDS = 5 };

static struct {
    char label[TN_NAME_MAX];
    bool by_instruction;
    uint64_t first, step, after;
    uint64_t instructions; /* of this incarnation so far */
} plan;

/* Cuts `text` at its commas. */
static uint32_t fields_of(char *text, char *field[FIELDS])
{
    uint32_t n = 0;
    field[n++] = text;
    for (; *text != '\0'; text++)
        if (*text == ',' && n < FIELDS) {
            *text = '\0';
            field[n++] = text + 1;
        }
    return n;
}

static uint64_t number(const char *text)
{
    uint64_t value = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (uint64_t)(*text - '0');
    if (*text != '\0')
        panic("kill: \"%s\" is no number", text);
    return value;
}

void provoke_kill_from_command_line(void)
{
    char text[FIELD_MAX * FIELDS];
    char *field[FIELDS];
    if (!command_line_value("kill", text, sizeof text))
        return;
    uint32_t n = fields_of(text, field);
    bool by_instruction = n == FIELDS && text_equal(field[1], "insn");
    if (!by_instruction && !(n == FIELDS - 1 && text_equal(field[1], "entry")))
        panic("kill: LABEL,entry,FIRST,STEP or LABEL,insn,FIRST,STEP,AFTER");
    text_copy(plan.label, field[0], sizeof plan.label);
    plan.by_instruction = by_instruction;
    plan.first = number(field[2]);
    plan.step = number(field[3]);
    plan.after = by_instruction ? number(field[4]) : 0;
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
    process_end(p, TN_END_KILLED, 0);
    return true;
}

bool provoke_kill_at_instruction(struct process *p)
{
    if (!is_meant(p) || !plan.by_instruction)
        return false;
    if (++plan.instructions == point_of(p))
        process_end(p, TN_END_KILLED, 0);
    return true;
}
