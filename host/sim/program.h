/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of the simulated machine: shared objects instead of images in an archive. */
#ifndef TENURE_SIM_PROGRAM_H
#define TENURE_SIM_PROGRAM_H

struct tn_start;

/* A fresh copy of folder/image.so, for dlclose, and where it begins. NULL: dlerror says why. */
void *program_open(const char *folder, const char *image, void (**entry)(const struct tn_start *));

#endif
