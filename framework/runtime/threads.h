#pragma once

namespace dsnn::runtime {

/// Fixes the intra-op threads of this process. The first call must come before any tensor operation; later calls with
/// another number are allowed between trials. Also keeps large freed blocks inside the process, because returning them
/// to the system costs a page fault for every page of every batch.
void set_threads(int threads);

/// Threads that a training step of so many multiply-accumulates is worth: one for each that gets enough of them to pay
/// for waking it and waiting for it, at least 1, at most what this process was started with (OMP_NUM_THREADS).
int threads_worth(double step_macs);

}  // namespace dsnn::runtime
