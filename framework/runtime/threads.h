#pragma once

namespace dsnn::runtime {

/// Fixes the intra-op threads of this process. The first call must come before any tensor operation; later calls with
/// another number are allowed between trials. Also keeps large freed blocks inside the process, because returning them
/// to the system costs a page fault for every page of every batch.
void set_threads(int threads);

/// Intra-op threads of a worker: `wanted` when it is above 0, else 1 in deterministic mode, else cores / workers.
int threads_for(int wanted, bool deterministic, int workers);

}  // namespace dsnn::runtime
