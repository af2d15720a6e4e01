/* SPDX-License-Identifier: Apache-2.0 */
/* See provoke_generations.h. */
#include "diag/provoke_generations.h"

#include <tenure/abi/handle.h>

#include "diag/provoke_words.h"
#include "lib/string.h"
#include "proc/process.h"

enum { FIELDS = 2 };

static char label[TN_NAME_MAX];
static uint64_t generations;

void provoke_generations_from_command_line(void)
{
    static char text[PROVOKE_TEXT];
    char *field[FIELDS];
    if (!provoke_words("generations", text, field, FIELDS, FIELDS))
        return;
    text_copy(label, field[0], sizeof label);
    generations = provoke_number(field[1]);
}

uint64_t provoke_generations(const struct process *process)
{
    return text_equal(process->name, label) ? generations : TN_HANDLE_GENERATION_MAX;
}
