#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "dsnn/pareto.h"

namespace dsnn::pareto {

/// A point in objective space; every objective is minimised (callers negate what is maximised).
using Point = std::vector<double>;

/// 0 = non-dominated. Duplicates share a rank.
std::vector<int> ranks(std::span<const Point> points);
/// Indices of the non-dominated points, in input order; duplicates of a front point are all kept.
std::vector<size_t> front(std::span<const Point> points);
/// Per point, inside its front, as the search specification 4.1 defines it, divided by the number of objectives.
std::vector<double> crowding_distance(std::span<const Point> points, std::span<const int> ranks);
/// Exact hypervolume dominated with respect to `reference`: sweep for 2, WFG for more objectives.
double hypervolume(std::span<const Point> points, const Point& reference);
/// The point of a front with the largest distance to the line (plane) through its extremes; nullopt under 3 points.
std::optional<size_t> knee(std::span<const Point> points, std::span<const size_t> front);

}  // namespace dsnn::pareto
