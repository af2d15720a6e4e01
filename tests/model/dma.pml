/* SPDX-License-Identifier: Apache-2.0 */
/* Every order of moves on the real core (dma_model.h). Spin remembers the world by its bytes, so the search ends when no new
 * world can be reached: generations are few, so that is after retirement too. */
c_decl {
\#include "dma_model.h"
extern int readtrail;
}
c_track "&model" "sizeof(struct model)"

#define MOVE(move, who) :: atomic { c_expr { (model_may(move, who)) } -> c_code { model_do(move, who, readtrail != 0); now.wrong = model.wrong; }; assert(!wrong) }
#define BOTH(move) MOVE(move, 0) MOVE(move, 1)

bool wrong;

init {
  c_code { model_start(); };
  do
  BOTH(ALLOC) BOTH(RELEASE) BOTH(SUBMIT) BOTH(SUBMIT_MORE) BOTH(ADD) BOTH(CLOSE)
  MOVE(POST, 0) BOTH(FINISH) MOVE(REPEAT, 0) MOVE(RECEIVE, 0)
  BOTH(RESET) BOTH(WITHDRAW) BOTH(ABANDON) BOTH(DIE) BOTH(REBIRTH)
  od
}
