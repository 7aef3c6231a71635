#include "dsnn/error.h"
#include "execution/worker.h"
#include "verb.h"

namespace dsnn::cli {
namespace po = boost::program_options;
namespace {

class WorkerVerb : public Verb {
 public:
  std::string name() const override { return "worker"; }
  std::string summary() const override { return "a worker process; started by run"; }
  std::string synopsis() const override { return "worker --fd N"; }
  std::string example() const override { return "dsnn-run worker --fd 3"; }

  void add_options(po::options_description& options) const override {
    options.add_options()("fd", po::value<int>()->value_name("N"), "the socket on which the driver speaks");
  }

  int run(const po::variables_map& options, const std::vector<std::string>&, const Global&) const override {
    if (options.count("fd") == 0) {
      throw ExitError(
          2, "this build has workers of its own driver only (--fd N); joining a shared study comes with clusters");
    }
    return execution::run_worker(options["fd"].as<int>());
  }
};

}  // namespace

std::unique_ptr<Verb> make_worker_verb() { return std::make_unique<WorkerVerb>(); }

}  // namespace dsnn::cli
