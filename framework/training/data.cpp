#include "training/data.h"

namespace dsnn::training {

std::unique_ptr<Dataset> make_dataset(const ConfigView& experiment, const ComponentFactory& factory,
                                      const Options& options) {
  const ConfigView section = experiment.section("dataset");
  Value reduced = section.value();
  if (options.train_fraction) reduced.set("train_fraction", *options.train_fraction);
  std::unique_ptr<Dataset> dataset = factory.make<Dataset>(ConfigView(reduced, section.path(), section.origins()));
  dataset->set_split_seed(options.split_seed);
  return dataset;
}

PartSizes part_sizes(const Dataset& dataset, const Options& options) {
  PartSizes sizes{
      .train = dataset.size(Split::train), .validation = dataset.size(Split::validation), .test = std::nullopt};
  try {
    sizes.test = dataset.size(Split::test);
  } catch (const ConfigError&) {
    if (options.test_at_end) throw;
  }
  return sizes;
}

std::string to_string(const PartSizes& sizes) {
  std::string out = "train " + std::to_string(sizes.train) + ", validation " + std::to_string(sizes.validation);
  if (sizes.test) out += ", test " + std::to_string(*sizes.test);
  return out + " images";
}

}  // namespace dsnn::training
