#include "execution/describe.h"

#include "execution/worker_pool.h"

namespace dsnn::execution {

Description describe(const config::ExperimentSpec& spec, const Configuration& configuration,
                     const std::vector<std::filesystem::path>& plugin_dirs) {
  WorkerPool pool({.spec = spec, .plugin_dirs = plugin_dirs, .run_folder = {}, .stop = nullptr});
  return pool.describe(configuration);
}

}  // namespace dsnn::execution
