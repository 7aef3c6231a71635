#include "verbs.h"

#include <array>

namespace dsnn::cli {
namespace {

constexpr std::array<LaterVerb, 12> kLater = {{
    {"rerun", "repeat a trial and compare"},
    {"compare", "what differs between runs"},
    {"evaluate", "accuracy and latency of a trained model"},
    {"predict", "classes for images"},
    {"convert", "a float checkpoint to a shift network"},
    {"cost", "hardware cost of a model"},
    {"decompose", "factorise a model"},
    {"ask", "the next configuration for an external evaluator"},
    {"tell", "the result of an external evaluation"},
    {"bench", "benchmarks with their anchors"},
    {"clean", "what could be freed in a run"},
    {"submit", "a Slurm job array"},
}};

}  // namespace

std::vector<std::unique_ptr<Verb>> make_verbs() {
  std::vector<std::unique_ptr<Verb>> verbs;
  verbs.push_back(make_run_verb());
  verbs.push_back(make_validate_verb());
  verbs.push_back(make_plan_verb());
  verbs.push_back(make_list_verb());
  verbs.push_back(make_describe_verb());
  verbs.push_back(make_status_verb());
  verbs.push_back(make_show_verb());
  verbs.push_back(make_pareto_verb());
  verbs.push_back(make_report_verb());
  verbs.push_back(make_export_verb());
  verbs.push_back(make_doctor_verb());
  verbs.push_back(make_schema_verb());
  verbs.push_back(make_init_verb());
  verbs.push_back(make_completion_verb());
  verbs.push_back(make_worker_verb());
  return verbs;
}

std::span<const LaterVerb> later_verbs() { return kLater; }

}  // namespace dsnn::cli
