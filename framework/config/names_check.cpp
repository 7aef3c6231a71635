// Texts that stand for something of the experiment: metrics, meters, devices, countries, axes.
#include <algorithm>

#include "config/cross_check.h"
#include "config/did_you_mean.h"
#include "config/later.h"
#include "config/metric_names.h"
#include "config/start_points.h"
#include "config/words.h"

namespace dsnn::config {
namespace {

bool is_device(const std::string& text) {
  if (text == "auto" || text == "cpu" || text == "cuda") return true;
  return text.starts_with("cuda:") && text.size() > 5 && text.size() < 9 &&
         std::all_of(text.begin() + 5, text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_country(const std::string& text) {
  return text.size() == 3 && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::string without_scope(const std::string& metric) { return metric.substr(metric.find('.') + 1); }

class NamesCheck {
 public:
  NamesCheck(SchemaCheck& check, const ExperimentSpec& spec)
      : check_(check), spec_(spec), metrics_(check.components()) {}

  void check(const SchemaCheck::Named& named) {
    const std::string& text = named.node.text;
    place_ = named.node.place;
    if (named.names == "metric")
      metric(text, named.id);
    else if (named.names == "validation_metric")
      validation_metric(text);
    else if (named.names == "direction")
      direction(text, named.metric);
    else if (named.names == "meter")
      meter(text, named.metric);
    else if (named.names == "axis")
      axis(text);
    else if (named.names == "device" && !is_device(text))
      error("'device' must be auto, cpu, cuda or cuda:N, got " + text);
    else if (named.names == "country" && !is_country(text))
      error("'country' must be an ISO 3166 code of three capitals, got " + text.substr(0, 40),
            "as DEU, USA, WLD for the world");
  }

 private:
  void error(const std::string& message, const std::string& hint = "") { check_.error(place_, message, hint); }

  void metric(const std::string& name, const std::string& id) {
    if (id.starts_with("objectives["))
      target(name, "an objective");
    else if (id.starts_with("constraints["))
      target(name, "a constraint");
    else
      any_metric(name);
  }

  void target(const std::string& name, const std::string& as) {
    if (name.starts_with("test.")) {
      return error(quoted(name) + " cannot be " + as + ": a search never touches the test set",
                   "use validation." + without_scope(name));
    }
    if (name.starts_with("study."))
      return error(quoted(name) + " cannot be " + as + ": it belongs to the whole study, not to a trial");
    const MetricInfo* info = metrics_.find(name);
    if (info == nullptr) {
      if (check_.complete()) unknown_metric(name, metrics_.names());
      return;
    }
    if (!info->reproducible && spec_.execution.deterministic) {
      error(quoted(name) + " is measured, so it cannot be " + as + " of a deterministic study",
            "set execution.deterministic: false, or use an analytic metric");
    }
    validation_part(name);
  }

  /// Test metrics too, and percentages of fractions.
  void any_metric(std::string name) {
    if (name.ends_with("_pct")) name.resize(name.size() - 4);
    if (metrics_.find(name) == nullptr && check_.complete()) unknown_metric(name, metrics_.names());
  }

  void validation_metric(const std::string& name) {
    std::vector<std::string> names = metrics_.names();
    std::erase_if(names, [](const std::string& n) { return !n.starts_with("validation."); });
    const bool known = metrics_.find(name) != nullptr || name.starts_with("test.");
    if (known && !name.starts_with("validation.")) {
      const std::string same = "validation." + without_scope(name);
      const bool exists = std::find(names.begin(), names.end(), same) != names.end();
      return error(quoted(name) + (name.starts_with("test.")
                                       ? " cannot choose an epoch: a search never touches the test set"
                                       : " cannot choose an epoch: it is not measured on the validation part"),
                   exists ? "use " + same : suggestion("", names));
    }
    if (!known) {
      if (check_.complete()) unknown_metric(name, names);
      return;
    }
    validation_part(name);
  }

  void unknown_metric(const std::string& name, const std::vector<std::string>& names) {
    if (const auto later = later_metric(name)) return error(*later);
    const std::string fraction = name.ends_with("_pct") ? name.substr(0, name.size() - 4) : "";
    if (!fraction.empty() && metrics_.find(fraction) != nullptr) {
      return error("percentages ('_pct') come with 'expect'; this build does not have them yet",
                   "use the fraction '" + fraction + "'");
    }
    const auto nearest = did_you_mean(name, names);
    error("no metric " + quoted(name), nearest ? "did you mean '" + *nearest + "'?" : scope_hint(name, names));
  }

  static std::string scope_hint(const std::string& metric, const std::vector<std::string>& names) {
    const std::string scope = metric.substr(0, metric.find('.') + 1);
    std::vector<std::string> same;
    for (const std::string& name : names) {
      if (!scope.empty() && name.starts_with(scope)) same.push_back(name);
    }
    return suggestion("", same.empty() ? names : same);
  }

  void validation_part(const std::string& metric) {
    const Value* dataset = spec_.tree.find("dataset");
    const Value* fraction = dataset == nullptr ? nullptr : dataset->find("validation_fraction");
    if (!metric.starts_with("validation.") || fraction == nullptr || !fraction->is_number() || fraction->number() > 0)
      return;
    error(quoted(metric) + " needs a validation split, but dataset.validation_fraction is 0",
          "set it, for example to 0.2");
  }

  void direction(const std::string& goal, const std::string& metric) {
    const MetricInfo* info = metrics_.find(metric);
    if (info == nullptr || info->better.empty()) return;
    const std::string usual = info->better == "higher" ? "maximize" : "minimize";
    if (goal == usual) return;
    check_.note(Severity::warning, place_, "a " + info->better + " " + quoted(metric) + " is the better one",
                "write goal: " + usual + ", unless the worst is what you look for");
  }

  void meter(const std::string& name, const std::string& metric) {
    const bool analytic = metric.starts_with("inference.") || metric.starts_with("model.");
    if (name == "analytic") {
      if (!analytic) error(quoted(metric) + " has no analytic model", "leave 'meter' out: it is measured");
      return;
    }
    if (analytic) {
      return error("measured 'inference' metrics come with the measured meters; this build does not have them yet",
                   "write meter: analytic");
    }
    if (name == "measured") return;
    std::vector<std::string> used;
    const Value* meters = spec_.tree.find("meters");
    const Value* use = meters == nullptr ? nullptr : meters->find("use");
    if (use != nullptr && use->is_list()) {
      for (const Value& one : use->items()) {
        if (one.find("type") != nullptr) used.push_back(one.at("type").string());
      }
    }
    if (std::find(used.begin(), used.end(), name) != used.end()) return;
    const auto later = later_component(Kind::meter, name);
    error(later ? *later : "meter " + quoted(name) + " is not recorded by this study",
          later ? "" : "add it to meters.use");
  }

  void axis(const std::string& name) {
    std::vector<std::string> axes;
    for (const auto& [axis, label] : spec_.cell_labels) axes.push_back(axis);
    if (std::find(axes.begin(), axes.end(), name) == axes.end())
      error("the matrix has no axis " + quoted(name), suggestion(name, axes));
  }

  SchemaCheck& check_;
  const ExperimentSpec& spec_;
  MetricNames metrics_;
  Place place_;
};

}  // namespace

void check_names(SchemaCheck& check, ExperimentSpec& spec, bool complete) {
  NamesCheck names(check, spec);
  for (const SchemaCheck::Named& named : check.named()) names.check(named);
  if (complete) check_start_points(check, spec);
}

}  // namespace dsnn::config
