#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dsnn/acquisition.h"
#include "dsnn/config_view.h"
#include "dsnn/factory.h"
#include "dsnn/surrogate.h"

namespace parego {

struct Observations;
class EncodedSpace;

/// ParEGO: one random weight vector per suggestion makes one objective of many. A surrogate per objective learns from
/// the trials of all rungs with the budget as an input; the moments of the scalarised objective follow from theirs, and
/// the configuration with the largest log expected improvement at full budget is proposed. (Learning the scalarised
/// values themselves hides the structure of each objective behind a maximum and finds clearly worse fronts.) The
/// likelihood of success multiplies it once a trial has failed.
class Parego : public dsnn::AcquisitionStrategy {
 public:
  Parego(const dsnn::ConfigView& section, const dsnn::ComponentFactory& factory);
  int64_t initial_size(const dsnn::SearchSpace& space) const override;
  std::optional<dsnn::Configuration> suggest(const dsnn::History& history, const dsnn::Ask& ask,
                                             dsnn::Rng& rng) override;

 private:
  /// Configuration number `index` of the initial design.
  dsnn::Configuration initial(const dsnn::SearchSpace& space, size_t index, dsnn::Rng& rng) const;
  /// Candidates by the model, best first.
  std::vector<dsnn::Configuration> ranked(const dsnn::History& history, const dsnn::Ask& ask,
                                          const dsnn::Rng& rng) const;

  std::unique_ptr<dsnn::Surrogate> surrogate_;
  double rho_, random_fraction_;
  size_t candidates_;
  bool sobol_, with_default_;
  std::optional<int64_t> initial_size_;
  std::vector<dsnn::Configuration> first_;  ///< given by the user
};

}  // namespace parego
