#include "training/train_evaluator.h"

#include <c10/util/Exception.h>

#include <new>

#include "training/experiment_check.h"
#include "training/model.h"
#include "training/trial.h"

namespace dsnn::training {
namespace {

/// c10's message carries a stack trace; its first line says what happened.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

Description TrainEvaluator::describe(const ConfigView& experiment, const ComponentFactory& factory) {
  const auto dataset = factory.make<Dataset>(experiment.section("dataset"));
  const auto task = factory.make<Task>(experiment.section("task"));
  nn::ConvertedGraph made =
      converted_graph(experiment, factory, backbone_graph(experiment, factory, dataset->info(), *task));
  Description description;
  description.metrics = static_metrics(made.graph, inference_cost(experiment, factory, made.graph));
  description.graph = std::move(made.graph);
  description.converted = std::move(made.converted);
  description.warnings = std::move(made.warnings);
  return description;
}

Findings TrainEvaluator::check(const ConfigView& experiment, const Budget& smallest, const ComponentFactory& factory) {
  return check_experiment(experiment, smallest, factory);
}

Evaluation TrainEvaluator::evaluate(const TrialRequest& request, TrialContext& context) {
  try {
    return Trial(request, context).run();
  } catch (const c10::OutOfMemoryError& e) {
    throw EvaluationError(FailKind::gpu_oom, first_line(e.what_without_backtrace()));
  } catch (const c10::Error& e) {
    throw EvaluationError(FailKind::exception, "LibTorch: " + first_line(e.what_without_backtrace()));
  } catch (const std::bad_alloc&) {
    throw EvaluationError(FailKind::oom, "the trial ran out of memory");
  }
}

}  // namespace dsnn::training
