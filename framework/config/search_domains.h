#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/document.h"
#include "dsnn/search_space.h"

namespace dsnn::config {

/// A key is active when parameter `parent` has taken one of the values number `first` to `last` of its domain.
struct Use {
  std::string parent;
  int64_t first = 0, last = 0;
  friend bool operator==(const Use&, const Use&) = default;
};

/// Gathers the parameters of one experiment while its sections are checked.
class ParameterSet {
 public:
  /// Adds a parameter, or another use of one that is already there. `uses` empty = always active. False when another
  /// parameter already has this id.
  bool add(Parameter parameter, const std::vector<Use>& uses, const Place& place);
  bool empty() const { return order_.empty(); }
  const Parameter* find(const std::string& id) const;  ///< null when there is none
  /// True when all uses of the parameter so far are exactly these, and no other section may use it as well.
  bool used_as(const std::string& id, const std::vector<Use>& uses) const;
  /// What every value of the parameter `parent` uses is used whenever that parameter is: under `uses`.
  void lift(const std::string& parent, const std::vector<Use>& uses);
  /// Parents before children, else in the order of the file.
  SearchSpace build() const;

 private:
  struct Entry {
    Parameter parameter;
    std::vector<Use> uses;
    bool always = false;
    Place place;

    /// Neighbouring values of one parent become one range.
    void use(const std::vector<Use>& more);
  };
  std::map<std::string, Entry, std::less<>> all_;
  std::vector<std::string> order_;
};

/// One `search:` as written, before its values meet a schema.
struct DomainText {
  enum class Form { integer, real, choice };
  Form form = Form::choice;
  const Node* range = nullptr;  ///< [lo, hi], or the list of choices
  const Node* default_node = nullptr;
  bool log = false, ordered = false;
  std::optional<double> step;
  Place place;  ///< of the whole domain
};

/// Reads the map under `search:` (or one declared under `parameters:`). Every mistake goes to `errors`; nullopt when
/// the domain cannot be used.
std::optional<DomainText> read_domain(const Node& search, std::vector<Diagnostic>& errors);

}  // namespace dsnn::config
