#include "training/energy_windows.h"

#include <algorithm>

#include "dsnn/log.h"

namespace dsnn::training {
namespace {

/// Whether two readings were taken at once, by several devices under one meter, or one after the other.
enum class When { same_window, later };

void add(std::vector<EnergyReading>& sums, EnergyReading reading, When when) {
  for (EnergyReading& sum : sums) {
    if (sum.meter != reading.meter || sum.source != reading.source || sum.scope != reading.scope ||
        sum.step != reading.step || sum.attribution != reading.attribution) {
      continue;
    }
    sum.seconds = when == When::later ? sum.seconds + reading.seconds : std::max(sum.seconds, reading.seconds);
    sum.sigma_joules += reading.sigma_joules;  // a model's error is systematic: it does not average out
    if (sum.joules && reading.joules) {
      *sum.joules += *reading.joules;
    } else {
      sum.joules.reset();  // a sum with a gap is no reading
      if (sum.why_missing.empty()) sum.why_missing = reading.why_missing;
    }
    return;
  }
  sums.push_back(std::move(reading));
}

}  // namespace

EnergyWindows::EnergyWindows(const ConfigView& experiment, const ComponentFactory& factory) {
  if (!experiment.has("meters")) return;
  const ConfigView section = experiment.section("meters");
  if (!section.has("use")) return;
  for (const ConfigView& wanted : section.sections("use")) {
    auto meter = factory.make<Meter>(wanted);
    const Capability capability = meter->probe();
    if (capability.available) {
      meters_.push_back(std::move(meter));
      continue;
    }
    log(LogLevel::warning, "meter '" + wanted.type() + "' cannot be read here: " + capability.why);
    EnergyReading missing;
    missing.meter = wanted.type();
    missing.step = "training";
    missing.why_missing = capability.why;
    readings_.push_back(std::move(missing));
  }
}

void EnergyWindows::open() {
  marks_.clear();
  for (const auto& meter : meters_) marks_.push_back(meter->mark());
}

void EnergyWindows::close(const std::string& step) {
  for (size_t i = 0; i < meters_.size() && i < marks_.size(); ++i) {
    std::vector<EnergyReading> window;
    for (EnergyReading& reading : meters_[i]->between(marks_[i], meters_[i]->mark())) {
      reading.step = step;
      add(window, std::move(reading), When::same_window);
    }
    for (EnergyReading& reading : window) add(readings_, std::move(reading), When::later);
  }
  marks_.clear();
}

void EnergyWindows::continue_from(std::vector<EnergyReading> readings) {
  for (EnergyReading& reading : readings) {
    const bool known = std::any_of(readings_.begin(), readings_.end(), [&](const EnergyReading& own) {
      return own.meter == reading.meter && own.step == reading.step;  // a meter that is still missing here
    });
    if (!known) readings_.push_back(std::move(reading));
  }
}

}  // namespace dsnn::training
