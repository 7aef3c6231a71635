// Key functions: one vtable and one type_info per torch-free interface, all in libdsnn_api.so.
#include "dsnn/acquisition.h"
#include "dsnn/backbone.h"
#include "dsnn/cost_model.h"
#include "dsnn/evaluator.h"
#include "dsnn/factory.h"
#include "dsnn/fidelity_scheduler.h"
#include "dsnn/meter.h"
#include "dsnn/schedule.h"
#include "dsnn/surrogate.h"
#include "dsnn/transform.h"

namespace dsnn {

Findings Evaluator::check(const ConfigView& experiment, const Budget&, const ComponentFactory& factory) {
  try {
    describe(experiment, factory);
  } catch (const ConfigError& e) {
    return {.errors = e.diagnostics(), .notes = {}};
  }
  return {};
}

AcquisitionStrategy::~AcquisitionStrategy() = default;
int64_t AcquisitionStrategy::initial_size(const SearchSpace&) const { return 0; }
Backbone::~Backbone() = default;
ComponentFactory::~ComponentFactory() = default;

Value ComponentFactory::default_section(Kind, const std::string& type) const {
  Value section = Value::map();
  section.set("type", type);
  return section;
}

CostModel::~CostModel() = default;
Evaluator::~Evaluator() = default;
FidelityScheduler::~FidelityScheduler() = default;
Meter::~Meter() = default;
Proposer::~Proposer() = default;
Schedule::~Schedule() = default;
Surrogate::~Surrogate() = default;
Transform::~Transform() = default;
TrialContext::~TrialContext() = default;

}  // namespace dsnn
