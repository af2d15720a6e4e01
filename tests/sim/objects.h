/* SPDX-License-Identifier: Apache-2.0 */
/* Every variable of this program by name, from its own symbol table (System V ABI, "Symbol Table"): what it was, and
 * which ones have changed. */
#ifndef TENURE_TESTS_SIM_OBJECTS_H
#define TENURE_TESTS_SIM_OBJECTS_H

#include <stdbool.h>

/* Reads the symbol table. Once, before the others; ends the program if there is none. */
void objects_init(void);
/* Keeps what all variables of static storage contain. */
void objects_keep(void);
/* Does every variable contain what was kept, but for those of which `may_change` says true? `name` is FILE:NAME of a
 * static one, NAME of another. Prints the others, with the first byte that differs. */
bool objects_are_kept(bool (*may_change)(const char *name));

#endif
