#pragma once

#include <vector>

#include "dsnn/config_view.h"
#include "dsnn/schedule.h"

namespace dsnn::training {

/// A linear ramp from 0 over the first `warmup` epochs, times the shape a derived class gives.
class WarmedSchedule : public Schedule {
 public:
  double factor(double epoch, double horizon) const final;

 protected:
  explicit WarmedSchedule(const ConfigView& section) : warmup_epochs_(section.number("warmup")) {}
  virtual double shape(double epoch, double horizon) const = 0;
  double warmup_epochs() const { return warmup_epochs_; }

 private:
  double warmup_epochs_;
};

/// 1 at all times.
class ConstantSchedule : public WarmedSchedule {
 public:
  explicit ConstantSchedule(const ConfigView& section) : WarmedSchedule(section) {}

 protected:
  double shape(double, double) const override { return 1; }
};

/// gamma^floor(epoch / every).
class StepSchedule : public WarmedSchedule {
 public:
  explicit StepSchedule(const ConfigView& section)
      : WarmedSchedule(section), every_(section.number("every")), gamma_(section.number("gamma")) {}

 protected:
  double shape(double epoch, double horizon) const override;

 private:
  double every_, gamma_;
};

/// gamma^(number of milestones that have passed).
class MultistepSchedule : public WarmedSchedule {
 public:
  explicit MultistepSchedule(const ConfigView& section);

 protected:
  double shape(double epoch, double horizon) const override;

 private:
  std::vector<double> milestones_;
  double gamma_;
};

/// Half a cosine from 1, at the end of the warm-up, down to `floor` at the horizon.
class CosineSchedule : public WarmedSchedule {
 public:
  explicit CosineSchedule(const ConfigView& section) : WarmedSchedule(section), floor_(section.number("floor")) {}

 protected:
  double shape(double epoch, double horizon) const override;

 private:
  double floor_;
};

}  // namespace dsnn::training
