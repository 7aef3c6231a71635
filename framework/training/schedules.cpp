#include "training/schedules.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace dsnn::training {

double WarmedSchedule::factor(double epoch, double horizon) const {
  const double ramp = warmup_epochs_ > 0 ? std::min(1.0, epoch / warmup_epochs_) : 1.0;
  return ramp * shape(epoch, horizon);
}

double StepSchedule::shape(double epoch, double) const { return std::pow(gamma_, std::floor(epoch / every_)); }

MultistepSchedule::MultistepSchedule(const ConfigView& section)
    : WarmedSchedule(section), milestones_(section.numbers("milestones")), gamma_(section.number("gamma")) {}

double MultistepSchedule::shape(double epoch, double) const {
  const auto passed = std::upper_bound(milestones_.begin(), milestones_.end(), epoch) - milestones_.begin();
  return std::pow(gamma_, static_cast<double>(passed));
}

double CosineSchedule::shape(double epoch, double horizon) const {
  const double span = horizon - warmup_epochs();
  if (span <= 0) return 1;
  const double done = std::clamp((epoch - warmup_epochs()) / span, 0.0, 1.0);
  return floor_ + (1 - floor_) * 0.5 * (1 + std::cos(std::numbers::pi * done));
}

}  // namespace dsnn::training
