#pragma once

#include <map>
#include <string>
#include <vector>

#include "dsnn/model.h"
#include "dsnn/rng.h"

namespace dsnn::nn {

/// A float network with fresh tensors: those of a layer depend on (rng, its name) only, so that changing one layer
/// leaves the others' start as it is. Throws std::invalid_argument for a layer of an operator, and for a broken graph.
Model start(Graph graph, const Rng& rng);

/// How tensors from elsewhere find their place in a model.
struct LoadRules {
  enum class Match {
    exact,   ///< every tensor of the model, and no other
    prefix,  ///< the same behind one prefix that all names share ("module.")
  };
  Match match = Match::exact;
  std::map<std::string, std::string> renames;  ///< name in the file -> name in the model; applied after the prefix
  std::vector<std::string> reset;              ///< selectors of layers that keep the model's own tensors, see selects()
};

/// The model with the values of `tensors`. Throws ConfigError without a place that lists what is missing, unexpected or
/// of another shape, or a rule that meets nothing.
Model load_into(Model model, const Tensors& tensors, const LoadRules& rules = {});

/// The tensors of one layer by relative name.
Tensors tensors_of(const Tensors& tensors, const std::string& layer);

}  // namespace dsnn::nn
