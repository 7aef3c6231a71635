// Names of objectives, constraints and parameters as columns of the trial table.
#include <algorithm>

#include "config/cross_check.h"
#include "config/metric_names.h"
#include "config/words.h"
#include "dsnn/text.h"
#include "store/trial_columns.h"

namespace dsnn::config {
namespace {

constexpr size_t kMaxNameBytes = 128;

class ColumnsCheck {
 public:
  ColumnsCheck(SchemaCheck& check, const ExperimentSpec& spec)
      : check_(check), spec_(spec), metrics_(check.components()) {
    const char* const table = "a column of the trial table";
    for (const std::string_view name : store::kTrialColumns) taken_.emplace(name, table);
    for (const std::string_view name : store::kAttemptColumns) taken_.emplace(name, table);
    taken_.emplace(store::kKneeColumn, "a column of the table of the front");
  }

  void check() {
    const SearchSpace space = check_.parameters().build();
    for (const Parameter& p : space.parameters()) {
      const auto [known, is_new] = taken_.emplace(p.id, "the searched parameter '" + p.id + "'");
      if (!is_new)
        check_.error(check_.place_of(p.id), "a parameter cannot be called '" + p.id + "': that is " + known->second);
    }
    check(spec_.objectives, "objective", "objectives");
    check(spec_.constraints, "constraint", "constraints");
  }

 private:
  void check(const std::vector<Target>& targets, const std::string& role, const std::string& section) {
    const Value* list = spec_.tree.find(section);
    for (size_t i = 0; i < targets.size(); ++i) {
      const std::string path = section + "[" + std::to_string(i) + "]";
      const Value* name = list->items()[i].find("name");
      const bool named = name != nullptr && name->is_string();
      check(targets[i], role, check_.place_of(named ? path + ".name" : path));
    }
  }

  void check(const Target& target, const std::string& role, const Place& place) {
    const std::string other = "give it another 'name'";
    if (const std::string why = fault_of(target.name); !why.empty())
      return check_.error(place, std::string("the name of ") + (role == "objective" ? "an " : "a ") + role + " " + why,
                          other);
    const auto [known, is_new] = taken_.emplace(target.name, "the name of another " + role);
    if (!is_new)
      return check_.error(place, "the " + role + " is called " + quoted(target.name) + ", which is " + known->second,
                          other);
    const bool another = metrics_.find(target.name) != nullptr && target.name != target.metric;
    if (another)
      return check_.error(place, "the " + role + " is called " + quoted(target.name) + ", which is another metric",
                          other);
    if (target.name == target.metric && target.at != "last") {
      check_.error(place,
                   "the " + role + " is called like its metric " + quoted(target.metric) + " after the last epoch",
                   "give it a 'name' of its own");
    }
    if (target.name.starts_with("budget."))
      check_.error(place, "a name cannot begin with 'budget.': so the columns of the budget begin", other);
  }

  static std::string fault_of(const std::string& name) {
    if (name.find_first_not_of(' ') == std::string::npos) return "is empty";
    if (name.front() == ' ' || name.back() == ' ') return "begins or ends with a space";
    if (name.size() > kMaxNameBytes) return "is longer than 128 bytes";
    const size_t at = find_control(name);
    if (at != std::string::npos) return "holds the control character " + name_of_control(code_point_at(name, at).value);
    return "";
  }

  SchemaCheck& check_;
  const ExperimentSpec& spec_;
  MetricNames metrics_;
  std::map<std::string, std::string> taken_;  ///< column -> what it is
};

}  // namespace

void check_columns(SchemaCheck& check, const ExperimentSpec& spec) { ColumnsCheck(check, spec).check(); }

}  // namespace dsnn::config
