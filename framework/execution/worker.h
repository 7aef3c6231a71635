#pragma once

namespace dsnn::execution {

/// The life of a worker process: reads messages from socket `fd` until the driver says bye or is gone, and answers
/// them. Returns the exit code: 0, or 70 when the driver's messages cannot be understood.
int run_worker(int fd);

}  // namespace dsnn::execution
