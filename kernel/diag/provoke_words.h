/* SPDX-License-Identifier: Apache-2.0 */
/* Words of the command line of which the parts stand between commas, for the kernels for tests. What cannot be read is
 * a panic: a test that provokes nothing shows nothing. */
#ifndef TENURE_KERNEL_DIAG_PROVOKE_WORDS_H
#define TENURE_KERNEL_DIAG_PROVOKE_WORDS_H

#include <stdbool.h>
#include <stdint.h>

enum { PROVOKE_TEXT = 160 };

/* `key=A,B,…` with `least` to `most` parts, which stay in `text`; those that are not there are NULL. False: no such
 * word. */
bool provoke_words(const char *key, char text[PROVOKE_TEXT], char **part, uint32_t least, uint32_t most);
uint64_t provoke_number(const char *text);

#endif
