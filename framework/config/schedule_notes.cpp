// Set-ups of the budget that run, but not as their writer thought.
#include <cmath>

#include "config/cross_check.h"

namespace dsnn::config {
namespace {

constexpr double kTolerance = 1e-9;

std::string number(double value) { return to_text(Value(std::round(value * 1000) / 1000)); }

/// Trials per rung of one bracket over the whole ladder, which any halving needs to bring one configuration to its top.
class Ladder {
 public:
  Ladder(const Fidelity& fidelity, std::optional<int64_t> configurations) : fidelity_(fidelity) {
    const double span = fidelity.max.front() / fidelity.min.front();
    const double top = std::floor(std::log(span) / std::log(fidelity.eta) + kTolerance);
    double left =
        configurations ? static_cast<double>(*configurations) : std::ceil(std::pow(fidelity.eta, top) - kTolerance);
    for (int rung = 0; rung <= static_cast<int>(top); ++rung) {
      trials_.push_back(std::max(1.0, std::floor(left + kTolerance)));
      resource_.push_back(std::pow(fidelity.eta, rung - top));
      left /= fidelity.eta;
    }
  }

  size_t rungs() const { return trials_.size(); }
  double configurations() const { return trials_.front(); }
  double trials() const {
    double sum = 0;
    for (const double n : trials_) sum += n;
    return sum;
  }
  double full_trainings() const {
    double sum = 0, before = 0;
    for (size_t i = 0; i < trials_.size(); ++i) {
      sum += trials_[i] * (resource_[i] - before);
      if (fidelity_.continue_from_checkpoint) before = resource_[i];
    }
    return sum;
  }

 private:
  const Fidelity& fidelity_;
  std::vector<double> trials_, resource_;
};

void warn_of_limit(SchemaCheck& check, const std::string& key, std::optional<double> limit, double needed) {
  if (!limit || *limit >= needed - kTolerance) return;
  check.note(Severity::warning, check.place_of("limits." + key),
             "limits." + key + " = " + number(*limit) +
                 " ends the study before the first bracket has brought one "
                 "configuration to the full budget: that takes " +
                 number(needed),
             "raise it, or raise fidelity.min");
}

}  // namespace

void warn_of_budget(SchemaCheck& check, const ExperimentSpec& spec) {
  if (!spec.fidelity || spec.fidelity->eta <= 1) return;
  const Value& section = spec.tree.at("fidelity");
  const Value* configurations = section.find("configurations");
  const bool given = configurations != nullptr && configurations->is_int();
  const Ladder ladder(*spec.fidelity, given ? std::optional<int64_t>(configurations->integer()) : std::nullopt);
  if (ladder.rungs() == 1) {
    const double max = spec.fidelity->max.front();
    const bool whole = spec.tree.at("fidelity").at("max").is_int();
    const double most = whole ? std::max(1.0, std::floor(max / spec.fidelity->eta)) : max / spec.fidelity->eta;
    check.note(Severity::warning, check.place_of("fidelity.min"),
               "there is only one rung: min times eta is above the full budget, so every trial is trained in full",
               "lower min to " + number(most) + " or less, or leave 'fidelity' out");
    return;
  }
  const double with_default = spec.tree.at("report").at("default").boolean() ? 1 : 0;
  const Limits& limits = spec.limits;
  const auto as_number = [](const std::optional<int64_t>& n) {
    return n ? std::optional<double>(static_cast<double>(*n)) : std::nullopt;
  };
  warn_of_limit(check, "trials", as_number(limits.trials), ladder.trials() + with_default);
  warn_of_limit(check, "configurations", as_number(limits.configurations), ladder.configurations() + with_default);
  warn_of_limit(check, "full_trainings", limits.full_trainings, ladder.full_trainings() + with_default);
  warn_of_limit(check, "epochs", limits.epochs, (ladder.full_trainings() + with_default) * spec.fidelity->max.front());
}

void warn_of_inline_limits(SchemaCheck& check, const ExperimentSpec& spec) {
  if (!spec.execution.inline_isolation) return;
  for (const std::string key : {"wall", "stall", "memory"}) {
    const auto written = check.places().find("limits.trial." + key);
    if (written == check.places().end() || written->second.source == nullptr) continue;
    check.note(Severity::warning, written->second,
               "limits.trial." + key + " is not kept: nothing watches a trial inside the driver",
               "write execution.isolation: process");
  }
}

}  // namespace dsnn::config
