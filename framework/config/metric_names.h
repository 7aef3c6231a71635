#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plugin/catalog.h"

namespace dsnn::config {

/// What is known of one metric from the manifests.
struct MetricInfo {
  std::string name;
  std::string better;  ///< "lower", "higher" or ""
  bool reproducible = true;
  bool known_before_training = false;
};

/// Every metric the chosen components can give: scope.quantity for all scopes they apply to.
class MetricNames {
 public:
  explicit MetricNames(const std::set<const plugin::ComponentInfo*>& components);
  const MetricInfo* find(const std::string& name) const;
  std::vector<std::string> names() const;
  const std::vector<MetricInfo>& all() const { return all_; }

 private:
  void add(MetricInfo info);
  std::vector<MetricInfo> all_;
};

}  // namespace dsnn::config
