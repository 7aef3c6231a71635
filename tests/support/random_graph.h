#pragma once

#include "dsnn/graph.h"
#include "dsnn/rng.h"

namespace dsnn::test {

/// A small network of operations drawn from the op table: shared readers, values that alias each other, chains of
/// overwriting candidates, several outputs. The same seed gives the same graph; every layer and function of the table
/// occurs among the first few hundred seeds.
Graph random_graph(uint64_t seed);

}  // namespace dsnn::test
