#include "execution/trial_executor.h"

#include <chrono>
#include <new>
#include <set>
#include <utility>

#include "dsnn/log.h"
#include "execution/probes.h"
#include "store/file.h"
#include "study/objectives.h"

namespace dsnn::execution {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

class Context : public TrialContext {
 public:
  Context(const ConfigView& experiment, const ComponentFactory& factory, const std::filesystem::path& run_folder,
          int64_t number, const TrialHooks& hooks)
      : experiment_(experiment),
        factory_(factory),
        run_folder_(run_folder),
        trial_folder_(run_folder / execution::trial_folder(number)),
        hooks_(hooks),
        start_(Clock::now()) {}

  ConfigView experiment() const override { return experiment_; }
  const ComponentFactory& factory() const override { return factory_; }
  std::filesystem::path run_folder() const override { return run_folder_; }
  std::filesystem::path trial_folder() const override { return trial_folder_; }
  bool cancelled() const override { return hooks_.cancelled(); }
  void beat() override { hooks_.beat(); }
  void report(int64_t step, const std::vector<Metric>& metrics) override {
    hooks_.report(step, metrics, seconds_since(start_));
  }

 private:
  ConfigView experiment_;
  const ComponentFactory& factory_;
  std::filesystem::path run_folder_, trial_folder_;
  const TrialHooks& hooks_;
  Clock::time_point start_;
};

/// The experiment with this trial's values: a file that trains this configuration alone.
std::string single_yaml(const config::ExperimentSpec& spec, const Value& resolved) {
  config::ExperimentSpec single = spec;
  single.tree = resolved;
  single.space = SearchSpace();
  return single.to_yaml(false);
}

Evaluation failed(FailKind kind, const std::string& message) {
  Evaluation out;
  out.state = TrialState::failed;
  out.fail = kind;
  out.message = message;
  return out;
}

}  // namespace

std::filesystem::path trial_folder(int64_t number) { return std::filesystem::path("trials") / std::to_string(number); }

TrialExecutor::TrialExecutor(const config::ExperimentSpec& spec, const plugin::Catalog& catalog,
                             plugin::Loader::Torch torch, std::filesystem::path run_folder)
    : spec_(spec), loader_(catalog, torch), run_folder_(std::move(run_folder)) {
  const Value* section = spec_.tree.find("evaluator");
  evaluator_section_ =
      section != nullptr && section->is_map() ? *section : Value(Value::Map{{"type", Value(spec_.evaluator)}});
  evaluator_ = loader_.make<Evaluator>(ConfigView(evaluator_section_, "evaluator", spec_.origins));
}

TrialExecutor::~TrialExecutor() = default;

std::string TrialExecutor::evaluator_name() const { return "evaluator '" + spec_.evaluator + "'"; }

Description TrialExecutor::describe(const Configuration& configuration) {
  const Value resolved = spec_.resolve(configuration);
  const Origins origins = spec_.origins_of(configuration);
  return evaluator_->describe(ConfigView(resolved, "", origins), loader_);
}

Findings TrialExecutor::check() {
  Findings out;
  Budget smallest;
  if (spec_.fidelity) smallest.value = spec_.fidelity->min;
  std::set<std::string> said;
  bool is_default = true;
  for (const Configuration& probe : probes(spec_.space)) {
    const Value resolved = spec_.resolve(probe);
    const Origins origins = spec_.origins_of(probe);
    Findings found;
    try {
      found = evaluator_->check(ConfigView(resolved, "", origins), smallest, loader_);
    } catch (const PluginError&) {
      throw;
    } catch (const std::exception& e) {  // the trial itself says it, with all that belongs to a failure
      log(LogLevel::debug, evaluator_name() + " could not be checked: " + e.what());
    }
    if (std::exchange(is_default, false)) out.notes = std::move(found.notes);
    for (Diagnostic& error : found.errors) {
      if (said.insert(to_string(error.where) + "\n" + error.message).second) out.errors.push_back(std::move(error));
    }
  }
  return out;
}

/// Asks for the static metrics when a constraint can be decided by them.
std::optional<Evaluation> TrialExecutor::refuse_infeasible(const ConfigView& experiment, const TrialHooks& hooks) {
  std::vector<Target> decidable;
  for (const Target& constraint : spec_.constraints) {
    if (study::is_static(constraint)) decidable.push_back(constraint);
  }
  if (decidable.empty()) return std::nullopt;
  const Description known = evaluator_->describe(experiment, loader_);
  hooks.known_before(known.metrics);
  const std::string why = study::violated(decidable, known.metrics);
  if (why.empty()) return std::nullopt;
  Evaluation out;
  out.state = TrialState::infeasible;
  out.metrics = known.metrics;
  out.message = why;
  return out;
}

Evaluation TrialExecutor::evaluate(const TrialRequest& request, const ConfigView& experiment, const TrialHooks& hooks) {
  try {
    if (std::optional<Evaluation> refused = refuse_infeasible(experiment, hooks)) return *refused;
    Context context(experiment, loader_, run_folder_, request.number, hooks);
    return evaluator_->evaluate(request, context);
  } catch (const ConfigError&) {
    throw;
  } catch (const ExitError&) {
    throw;
  } catch (const EvaluationError& e) {
    return failed(e.kind(), e.what());
  } catch (const PluginError& e) {
    return failed(FailKind::plugin, e.what());
  } catch (const std::filesystem::filesystem_error& e) {
    if (e.code() == std::errc::no_space_on_device) throw ExitError(74, e.what());
    return failed(FailKind::exception, evaluator_name() + ": " + e.what());
  } catch (const std::bad_alloc&) {
    return failed(FailKind::oom, evaluator_name() + " ran out of memory");
  } catch (const std::exception& e) {
    return failed(FailKind::exception, evaluator_name() + ": " + e.what());
  }
}

Evaluation TrialExecutor::run(const TrialRequest& request, const TrialHooks& hooks) {
  const Clock::time_point start = Clock::now();
  const Value resolved = spec_.resolve(request.configuration);
  const std::filesystem::path folder = run_folder_ / trial_folder(request.number);
  std::error_code error;
  if (!std::filesystem::is_directory(run_folder_, error))
    throw ExitError(74, "the run's folder " + run_folder_.string() + " is gone; nothing is written in its place");
  std::filesystem::create_directories(folder, error);
  if (error) throw ExitError(74, "cannot make " + folder.string() + ": " + error.message());
  store::write_file_atomically(folder / "config.yaml", single_yaml(spec_, resolved));
  const Origins origins = spec_.origins_of(request.configuration);
  Evaluation out = evaluate(request, ConfigView(resolved, "", origins), hooks);
  out.request = request;
  if (out.seconds == 0) out.seconds = seconds_since(start);
  return out;
}

}  // namespace dsnn::execution
