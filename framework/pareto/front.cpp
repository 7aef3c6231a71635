#include "pareto/front.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "dsnn/error.h"

namespace dsnn::pareto {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// No part of it needs a finite range: the fast non-dominated sort of NSGA-II (Deb 2002).
struct Dominance {
  std::vector<std::vector<size_t>> beats;
  std::vector<int> beaten_by;
};

Dominance compare_all(std::span<const Point> points) {
  Dominance d{std::vector<std::vector<size_t>>(points.size()), std::vector<int>(points.size(), 0)};
  for (size_t i = 0; i < points.size(); ++i) {
    for (size_t j = i + 1; j < points.size(); ++j) {
      if (dominates(points[i], points[j])) {
        d.beats[i].push_back(j);
        ++d.beaten_by[j];
      } else if (dominates(points[j], points[i])) {
        d.beats[j].push_back(i);
        ++d.beaten_by[i];
      }
    }
  }
  return d;
}

void add_crowding(std::span<const Point> points, std::vector<size_t> members, size_t objective,
                  std::vector<double>& distance) {
  std::stable_sort(members.begin(), members.end(),
                   [&](size_t a, size_t b) { return points[a][objective] < points[b][objective]; });
  const double range = points[members.back()][objective] - points[members.front()][objective];
  distance[members.front()] = kInfinity;
  distance[members.back()] = kInfinity;
  if (!(range > 0)) return;
  for (size_t i = 1; i + 1 < members.size(); ++i) {
    distance[members[i]] += (points[members[i + 1]][objective] - points[members[i - 1]][objective]) / range;
  }
}

/// Two objectives, sorted by the first: the staircase.
double sweep(std::vector<Point> points, const Point& reference) {
  std::sort(points.begin(), points.end());
  double volume = 0;
  double ceiling = reference[1];
  for (const Point& p : points) {
    if (p[1] >= ceiling) continue;
    volume += (reference[0] - p[0]) * (ceiling - p[1]);
    ceiling = p[1];
  }
  return volume;
}

double box(const Point& p, const Point& reference) {
  double volume = 1;
  for (size_t k = 0; k < p.size(); ++k) volume *= reference[k] - p[k];
  return volume;
}

std::vector<Point> non_dominated(std::vector<Point> points) {
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());
  std::vector<Point> kept;
  // In lexicographic order a point can only be dominated by an earlier one.
  for (Point& p : points) {
    const bool beaten = std::any_of(kept.begin(), kept.end(), [&](const Point& k) { return dominates(k, p); });
    if (!beaten) kept.push_back(std::move(p));
  }
  return kept;
}

/// WFG (While, Bradstreet, Barone 2012): the sum of exclusive volumes; each one is a box less the volume of the later
/// points pushed into it. Points are non-dominated and sorted by the last objective, worst first, so that the limit
/// sets stay small and the last objective can be sliced off.
double wfg(std::vector<Point> points, const Point& reference) {
  if (points.empty()) return 0;
  if (points.size() == 1) return box(points.front(), reference);
  if (reference.size() == 2) return sweep(std::move(points), reference);
  std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.back() > b.back(); });
  Point cut_reference(reference.begin(), reference.end() - 1);
  double volume = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    // Every later point is better in the last objective, so the exclusive part is a prism over the other objectives.
    const Point base(points[i].begin(), points[i].end() - 1);
    std::vector<Point> limited;
    for (size_t j = i + 1; j < points.size(); ++j) {
      Point q(base.size());
      for (size_t k = 0; k < q.size(); ++k) q[k] = std::max(points[j][k], base[k]);
      limited.push_back(std::move(q));
    }
    const double exclusive = box(base, cut_reference) - wfg(non_dominated(std::move(limited)), cut_reference);
    volume += exclusive * (reference.back() - points[i].back());
  }
  return volume;
}

}  // namespace

std::vector<int> ranks(std::span<const Point> points) {
  Dominance d = compare_all(points);
  std::vector<int> rank(points.size(), 0);
  std::vector<size_t> current;
  for (size_t i = 0; i < points.size(); ++i) {
    if (d.beaten_by[i] == 0) current.push_back(i);
  }
  for (int level = 0; !current.empty(); ++level) {
    std::vector<size_t> next;
    for (const size_t i : current) {
      rank[i] = level;
      for (const size_t j : d.beats[i]) {
        if (--d.beaten_by[j] == 0) next.push_back(j);
      }
    }
    current = std::move(next);
  }
  return rank;
}

std::vector<size_t> front(std::span<const Point> points) {
  std::vector<size_t> out;
  for (size_t i = 0; i < points.size(); ++i) {
    const bool beaten =
        std::any_of(points.begin(), points.end(), [&](const Point& p) { return dominates(p, points[i]); });
    if (!beaten) out.push_back(i);
  }
  return out;
}

std::vector<double> crowding_distance(std::span<const Point> points, std::span<const int> ranks) {
  DSNN_ASSERT(points.size() == ranks.size());
  std::vector<double> distance(points.size(), 0);
  if (points.empty()) return distance;
  const int last = *std::max_element(ranks.begin(), ranks.end());
  const size_t objectives = points.front().size();
  for (int level = 0; level <= last; ++level) {
    std::vector<size_t> members;
    for (size_t i = 0; i < points.size(); ++i) {
      if (ranks[i] == level) members.push_back(i);
    }
    if (members.size() <= 2) {
      for (const size_t i : members) distance[i] = kInfinity;
      continue;
    }
    for (size_t k = 0; k < objectives; ++k) add_crowding(points, members, k, distance);
    for (const size_t i : members) distance[i] /= static_cast<double>(objectives);
  }
  return distance;
}

double hypervolume(std::span<const Point> points, const Point& reference) {
  DSNN_ASSERT(!reference.empty());
  std::vector<Point> inside;
  for (const Point& p : points) {
    DSNN_ASSERT(p.size() == reference.size());
    bool below = true;
    for (size_t k = 0; k < p.size(); ++k) below = below && p[k] < reference[k];
    if (below) inside.push_back(p);
  }
  if (inside.empty()) return 0;
  if (reference.size() == 1) return reference[0] - std::min_element(inside.begin(), inside.end())->front();
  return wfg(non_dominated(std::move(inside)), reference);
}

namespace {

/// Solves a small dense system by Gauss-Jordan elimination; false when it is singular.
bool solve(std::vector<Point>& a, Point& b) {
  const size_t n = b.size();
  for (size_t column = 0; column < n; ++column) {
    size_t pivot = column;
    for (size_t row = column + 1; row < n; ++row) {
      if (std::abs(a[row][column]) > std::abs(a[pivot][column])) pivot = row;
    }
    if (std::abs(a[pivot][column]) < 1e-12) return false;
    std::swap(a[pivot], a[column]);
    std::swap(b[pivot], b[column]);
    for (size_t row = 0; row < n; ++row) {
      if (row == column) continue;
      const double factor = a[row][column] / a[column][column];
      for (size_t k = column; k < n; ++k) a[row][k] -= factor * a[column][k];
      b[row] -= factor * b[column];
    }
  }
  for (size_t k = 0; k < n; ++k) b[k] /= a[k][k];
  return true;
}

/// Each objective of the front mapped to [0,1]; one without a range to 0.
std::vector<Point> normalised(std::span<const Point> points, std::span<const size_t> front) {
  std::vector<Point> out;
  for (const size_t i : front) out.push_back(points[i]);
  for (size_t k = 0; k < out.front().size(); ++k) {
    double lo = kInfinity, hi = -kInfinity;
    for (const Point& p : out) {
      lo = std::min(lo, p[k]);
      hi = std::max(hi, p[k]);
    }
    for (Point& p : out) p[k] = hi > lo ? (p[k] - lo) / (hi - lo) : 0;
  }
  return out;
}

/// The normal n of the plane n.x = 1 through the best point of each objective; all ones where these do not span one.
Point plane_through_extremes(const std::vector<Point>& front) {
  const size_t m = front.front().size();
  std::vector<Point> extremes;
  for (size_t k = 0; k < m; ++k) {
    extremes.push_back(*std::min_element(front.begin(), front.end(), [k](const Point& a, const Point& b) {
      return a[k] != b[k] ? a[k] < b[k]
                          : std::accumulate(a.begin(), a.end(), 0.0) < std::accumulate(b.begin(), b.end(), 0.0);
    }));
  }
  Point normal(m, 1.0);
  const bool solved = solve(extremes, normal);
  const bool positive = std::all_of(normal.begin(), normal.end(), [](double v) { return v > 0; });
  return solved && positive ? normal : Point(m, 1.0);
}

}  // namespace

std::optional<size_t> knee(std::span<const Point> points, std::span<const size_t> front) {
  if (front.size() < 3) return std::nullopt;
  const std::vector<Point> scaled = normalised(points, front);
  const Point normal = plane_through_extremes(scaled);
  size_t best = 0;
  double lowest = kInfinity;
  for (size_t i = 0; i < scaled.size(); ++i) {
    const double height = std::inner_product(scaled[i].begin(), scaled[i].end(), normal.begin(), 0.0);
    if (height < lowest) {
      lowest = height;
      best = i;
    }
  }
  return front[best];
}

}  // namespace dsnn::pareto
