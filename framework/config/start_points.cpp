#include "config/start_points.h"

#include <algorithm>

#include "config/did_you_mean.h"
#include "config/key_path.h"
#include "config/scalar.h"
#include "config/search_domains.h"
#include "config/tree_path.h"
#include "config/words.h"
#include "config/yaml_writer.h"

namespace dsnn::config {
namespace {

std::string domain_text(const Domain& domain) {
  if (domain.type == Domain::Type::choice) {
    std::vector<std::string> labels;
    for (const Value& choice : domain.choices) labels.push_back(to_text(choice));
    return "one of " + joined(labels, ", ");
  }
  return std::string(domain.type == Domain::Type::integer ? "a whole number" : "a number") + " in [" +
         to_text(Value(domain.lo)) + ", " + to_text(Value(domain.hi)) + "]" +
         (domain.step > 0 ? " in steps of " + to_text(Value(domain.step)) : "");
}

/// What the file means by `node`: itself, or the label of a choice.
std::optional<Value> value_in(const Domain& domain, const Node& node) {
  std::vector<Value> readings = {guess(node), Value(label_of(node))};
  for (Value& reading : readings) {
    if (!domain.contains(reading)) continue;
    const int64_t index = domain.type == Domain::Type::choice ? domain.index_of(reading) : -1;
    if (index >= 0) return domain.choices[static_cast<size_t>(index)];
    return domain.type == Domain::Type::real ? Value(reading.number()) : std::move(reading);
  }
  return std::nullopt;
}

class StartPoints {
 public:
  StartPoints(SchemaCheck& check, ExperimentSpec& spec)
      : check_(check), spec_(spec), space_(check.parameters().build()) {
    for (const Parameter& p : space_.parameters()) ids_.push_back(p.id);
  }

  void read(const SchemaCheck::Named& named) {
    if (space_.empty()) return;  // said already: the section is not used
    good_ = true;
    Configuration point;
    for (const Entry& entry : named.node.entries) take(entry, point);
    if (!good_) return;
    const Configuration full = space_.repaired(point);
    for (const Entry& entry : named.node.entries) {
      if (full.find(entry.key) == nullptr) refuse_inactive(entry, full);
    }
    if (!good_) return;
    if (std::find(known_.begin(), known_.end(), full) != known_.end())
      return check_.error(named.node.place, "this configuration is in the list already", "leave it out");
    known_.push_back(full);
    if (Value* place = value_at(spec_.tree, named.id))
      *place = Value(Value::Map(point.values.begin(), point.values.end()));
  }

 private:
  void error(const Place& place, const std::string& message, const std::string& hint) {
    good_ = false;
    check_.error(place, message, hint);
  }

  void take(const Entry& entry, Configuration& point) {
    const int index = space_.index_of(entry.key);
    if (index < 0) {
      return error(entry.place, "no parameter " + quoted(entry.key) + " is searched", instead_of(entry.key));
    }
    const Domain& domain = space_.parameters()[static_cast<size_t>(index)].domain;
    const auto value = value_in(domain, entry.value);
    if (value) {
      point.values.emplace(entry.key, *value);
      return;
    }
    std::vector<std::string> labels;
    for (const Value& choice : domain.choices) labels.push_back(to_text(choice));
    const auto nearest = did_you_mean(entry.value.text, labels);
    const Place place = entry.value.is_null() ? entry.place : entry.value.place;
    error(place, describe(entry.value) + " is no value of " + quoted(entry.key) + ": it must be " + domain_text(domain),
          nearest ? "did you mean '" + *nearest + "'?" : "");
  }

  /// The nearest id: a shared parameter, one spelt alike, or the only one of the same section.
  std::string instead_of(const std::string& id) const {
    if (space_.index_of("parameters." + id) >= 0) return "write 'parameters." + id + "'";
    if (const auto nearest = did_you_mean(id, ids_)) return "did you mean '" + *nearest + "'?";
    const std::string section = id.substr(0, id.rfind('.') + 1);
    std::vector<std::string> beside;
    for (const std::string& other : ids_) {
      if (!section.empty() && other.starts_with(section) && other.find('.', section.size()) == std::string::npos)
        beside.push_back(other);
    }
    return beside.size() == 1 ? "did you mean '" + beside.front() + "'?" : suggestion(id, ids_);
  }

  /// Names the choice that leaves the parameter out.
  void refuse_inactive(const Entry& entry, const Configuration& full) {
    const Parameter& parameter = space_.parameters()[static_cast<size_t>(space_.index_of(entry.key))];
    std::string because, instead;
    for (const Condition& when : parameter.active_when) {
      const Parameter& parent = space_.parameters()[static_cast<size_t>(when.parent)];
      const Value* taken = full.find(parent.id);
      if (taken == nullptr) continue;
      because = parent.id + " is " + to_text(*taken);
      instead = parent.id + ": " + to_text(parent.domain.value_of(when.first));
    }
    error(entry.place, quoted(entry.key) + " has no effect here" + (because.empty() ? "" : ": " + because),
          instead.empty() ? "leave it out" : "leave it out, or write " + instead);
  }

  SchemaCheck& check_;
  ExperimentSpec& spec_;
  SearchSpace space_;
  std::vector<std::string> ids_;
  std::vector<Configuration> known_;
  bool good_ = true;
};

}  // namespace

void check_start_points(SchemaCheck& check, ExperimentSpec& spec) {
  const bool any = std::any_of(check.named().begin(), check.named().end(),
                               [](const SchemaCheck::Named& named) { return named.names == "parameters"; });
  if (!any) return;
  StartPoints points(check, spec);
  for (const SchemaCheck::Named& named : check.named()) {
    if (named.names == "parameters") points.read(named);
  }
}

}  // namespace dsnn::config
