#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "dsnn/config_view.h"
#include "dsnn/dataset.h"
#include "dsnn/factory.h"
#include "training/options.h"

namespace dsnn::training {

/// The experiment's data set, with the study's split; with `train_fraction` as the budget, that value replaces the
/// file's.
std::unique_ptr<Dataset> make_dataset(const ConfigView& experiment, const ComponentFactory& factory,
                                      const Options& options);

/// How many samples a trial has.
struct PartSizes {
  int64_t train = 0, validation = 0;
  std::optional<int64_t> test;  ///< absent when the test files cannot be counted, which a search never needs
};
/// Throws ConfigError when files that the trial needs are missing or damaged.
PartSizes part_sizes(const Dataset& dataset, const Options& options);
/// "train 48000, validation 12000, test 10000 images".
std::string to_string(const PartSizes& sizes);

}  // namespace dsnn::training
