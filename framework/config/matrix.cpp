#include "config/matrix.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <tuple>

#include "config/did_you_mean.h"
#include "config/reserved_names.h"

namespace dsnn::config {
namespace {

struct Case {
  std::string label;
  Place place;  ///< of the label
  std::vector<Overlay> overlays;
};
struct Axis {
  std::string name;
  Place place;
  std::vector<Case> cases;
};

bool is_folder_name(const std::string& text) {
  return !text.empty() && text.size() <= 64 && text.front() != '.' && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-' || c == '+';
  });
}

class Expander {
 public:
  explicit Expander(std::vector<Diagnostic>& errors) : errors_(errors), before_(errors.size()) {}

  Expansion expand(const Node& matrix) {
    if (!matrix.is_map()) {
      error(matrix.place, "'matrix' maps axes to their cases, got " + describe(matrix),
            "write matrix: {training.batch_size: [64, 128]}");
      return {};
    }
    for (const Entry& entry : matrix.entries) {
      if (!entry.value.is_null() && entry.key != "skip") axes_.push_back(axis(entry));
    }
    check_size();
    if (errors_.size() == before_) check_keys();
    if (errors_.size() != before_) return {};
    Expansion out{.matrix = {}, .cells = combine()};
    const std::vector<Cell> all = out.cells;
    if (const Node* skip = matrix.find("skip")) leave_out(*skip, out.cells);
    check_names(matrix, out.cells);
    for (const Axis& axis : axes_) {
      out.matrix.axes.push_back({.name = axis.name, .labels = {}});
      for (const Case& one : axis.cases) out.matrix.axes.back().labels.push_back(one.label);
    }
    for (const Cell& cell : all) {
      const bool runs = std::any_of(out.cells.begin(), out.cells.end(),
                                    [&](const Cell& other) { return other.labels == cell.labels; });
      if (!runs) out.matrix.skipped.push_back(cell.name());
    }
    return out;
  }

 private:
  void error(const Place& place, const std::string& message, const std::string& hint = "") {
    errors_.push_back(diagnostic_at(place, message, hint));
  }

  Axis axis(const Entry& entry) {
    Axis out{.name = entry.key, .place = entry.place, .cases = {}};
    if (entry.key == "seed") {
      error(entry.place, "seeds are no axis of the matrix", "write them as a list: seed: [1, 2, 3]");
    } else if (entry.key == "name" || entry.key == "schema") {
      error(entry.place, "'" + entry.key + "' is the whole file's and no axis of the matrix");
    } else if (entry.value.is_list()) {
      for (const Node& item : entry.value.items) {
        out.cases.push_back({.label = label_of(item),
                             .place = item.place,
                             .overlays = {{.path = entry.key, .place = item.place, .value = item}}});
      }
    } else if (entry.value.is_map() && entry.value.find("search") == nullptr) {
      for (const Entry& named : entry.value.entries) named_case(out, named);
    } else {
      error(entry.value.place,
            "an axis is a list of values, or a map of labels to {key.path: value}; got " +
                (entry.value.find("search") != nullptr ? "a search domain" : describe(entry.value)),
            entry.value.find("search") != nullptr
                ? "the matrix is what differs between runs; search is what the optimiser picks"
                : "");
      return out;
    }
    if (out.cases.empty() && errors_.size() == before_) error(entry.place, "axis '" + entry.key + "' has no cases");
    std::map<std::string, std::string> labels;  // as a file system that ignores case sees them
    for (const Case& one : out.cases) {
      const auto [twin, is_new] = labels.emplace(folded(one.label), one.label);
      if (!is_folder_name(one.label))
        error(one.place, "the label '" + one.label.substr(0, 64) + "' cannot name a folder",
              "name the cases: {label: {" + entry.key + ": value}}");
      else if (is_reserved_name(one.label))
        error(one.place, reserved("the label '" + one.label + "'"), "choose another one");
      else if (!is_new)
        error(one.place, "axis '" + entry.key + "' has two cases called '" + one.label + "'",
              other_case(one.label, twin->second));
    }
    return out;
  }

  static std::string reserved(const std::string& what) {
    return what + " is reserved: the program has files of this name in the folder of a run";
  }

  /// What a twin in other letters is called, as a hint; "" when it is called the same.
  static std::string other_case(const std::string& name, const std::string& twin) {
    return name == twin ? "" : "'" + twin + "' is the same where upper and lower case do not count";
  }

  void named_case(Axis& axis, const Entry& named) {
    Case out{.label = named.key, .place = named.place, .overlays = {}};
    if (named.value.is_map()) {
      for (const Entry& value : named.value.entries)
        out.overlays.push_back({.path = value.key, .place = value.place, .value = value.value});
    } else if (!named.value.is_null()) {
      error(named.value.place, "case '" + named.key + "' is a map {key.path: value}, got " + describe(named.value));
    }
    axis.cases.push_back(std::move(out));
  }

  struct Setter {
    const Axis* axis;
    const Case* one;
    const Overlay* overlay;
  };

  /// A key that two axes set, or one that a case sets as well as a part of it, would follow the later one, whatever the
  /// label of the other says.
  void check_keys() {
    std::map<std::string, std::vector<Setter>> setters;  // of each path: the first of every axis and case
    for (const Axis& axis : axes_) {
      for (const Case& one : axis.cases) {
        for (const Overlay& overlay : one.overlays) setters[overlay.path].push_back({&axis, &one, &overlay});
      }
    }
    for (const Axis& axis : axes_) {
      for (const Case& one : axis.cases) {
        for (const Overlay& overlay : one.overlays) {
          std::vector<std::string> paths = paths_above(overlay.path);
          paths.push_back(overlay.path);
          for (const std::string& path : paths) {
            const auto found = setters.find(path);
            if (found == setters.end()) continue;
            for (const Setter& other : found->second) {
              if (clash(other, {&axis, &one, &overlay})) return;
            }
          }
        }
      }
    }
  }

  /// Says it when both apply to one cell; `upper` sets the key of `lower`, or a map that it stands in.
  bool clash(const Setter& upper, const Setter& lower) {
    if (upper.overlay == lower.overlay || (upper.axis == lower.axis && upper.one != lower.one)) return false;
    const bool same_key = upper.overlay->path == lower.overlay->path;
    const std::string key = "'" + lower.overlay->path + "'";
    const std::string part = same_key ? "" : ": it is a part of '" + upper.overlay->path + "'";
    const bool in_order = before(upper.overlay->place, lower.overlay->place);
    const Setter& first = in_order ? upper : lower;
    const Setter& second = in_order ? lower : upper;
    const std::string hint =
        "the other stands at " + to_string(location(first.overlay->place)) + "; let one of them set it";
    if (upper.axis == lower.axis)
      error(second.overlay->place, "case '" + upper.one->label + "' sets " + key + " twice" + part, hint);
    else
      error(second.overlay->place,
            "the axes '" + first.axis->name + "' and '" + second.axis->name + "' both set " + key + part, hint);
    return true;
  }

  static bool before(const Place& a, const Place& b) {
    return std::tuple(a.line, a.column) < std::tuple(b.line, b.column);
  }

  void check_size() {
    size_t cells = 1;
    for (const Axis& axis : axes_) {
      cells *= std::max<size_t>(axis.cases.size(), 1);
      if (cells > kMaxCells) return error(axis.place, "the matrix has more than 1,000 cells");
    }
  }

  std::vector<Cell> combine() const {
    std::vector<Cell> cells(1);
    for (const Axis& axis : axes_) {
      std::vector<Cell> wider;
      for (const Cell& cell : cells) {
        for (const Case& one : axis.cases) {
          Cell made = cell;
          made.labels.emplace_back(axis.name, one.label);
          made.overlays.insert(made.overlays.end(), one.overlays.begin(), one.overlays.end());
          wider.push_back(std::move(made));
        }
      }
      cells = std::move(wider);
    }
    for (Cell& cell : cells) {
      std::stable_sort(cell.overlays.begin(), cell.overlays.end(),
                       [](const Overlay& a, const Overlay& b) { return turn(a.path) < turn(b.path); });
    }
    return cells;
  }

  /// A type drops keys, so it comes first, and the outer one before the inner.
  static size_t turn(const std::string& path) {
    return whole_section(path) == path ? std::numeric_limits<size_t>::max() : path.size();
  }

  void leave_out(const Node& skip, std::vector<Cell>& cells) {
    if (!skip.is_list()) return error(skip.place, "'skip' is a list of {axis: label}, got " + describe(skip));
    for (const Node& rule : skip.items) {
      if (!check_rule(rule)) continue;
      const size_t before = cells.size();
      std::erase_if(cells, [&](const Cell& cell) {
        return std::all_of(rule.entries.begin(), rule.entries.end(), [&](const Entry& e) {
          return std::find(cell.labels.begin(), cell.labels.end(), std::pair(e.key, e.value.text)) != cell.labels.end();
        });
      });
      if (cells.size() == before) error(rule.place, "this skips no cell: another rule has left it out already");
    }
    if (cells.empty() && errors_.size() == before_) error(skip.place, "'skip' leaves no cell");
  }

  bool check_rule(const Node& rule) {
    if (!rule.is_map() || rule.entries.empty()) {
      error(rule.place, "a rule of 'skip' is {axis: label}, got " + describe(rule));
      return false;
    }
    for (const Entry& entry : rule.entries) {
      std::vector<std::string> names, labels;
      for (const Axis& axis : axes_) {
        names.push_back(axis.name);
        if (axis.name != entry.key) continue;
        for (const Case& one : axis.cases) labels.push_back(one.label);
      }
      if (labels.empty()) {
        error(entry.place, "the matrix has no axis '" + entry.key + "'", suggestion(entry.key, names));
        return false;
      }
      if (std::find(labels.begin(), labels.end(), entry.value.text) == labels.end()) {
        error(entry.value.place, "axis '" + entry.key + "' has no case '" + entry.value.text + "'",
              suggestion(entry.value.text, labels));
        return false;
      }
    }
    return true;
  }

  void check_names(const Node& matrix, const std::vector<Cell>& cells) {
    std::map<std::string, std::string> names;
    for (const Cell& cell : cells) {
      const std::string name = cell.name();
      if (const auto [twin, is_new] = names.emplace(folded(name), name); !is_new)
        return error(matrix.place, "two cells would be called '" + name + "'",
                     name == twin->second ? "choose other labels" : other_case(name, twin->second));
      if (is_reserved_name(name))
        return error(matrix.place, reserved("the name '" + name + "' of a cell"), "choose other labels");
      if (name.size() > 128)
        return error(matrix.place, "the cell name '" + name + "' is longer than 128 characters",
                     "choose shorter labels");
    }
  }

  std::vector<Diagnostic>& errors_;
  size_t before_;
  std::vector<Axis> axes_;
};

}  // namespace

std::string Cell::name() const {
  std::string out;
  for (const auto& [axis, label] : labels) out += (out.empty() ? "" : "-") + label;
  return out;
}

Expansion expand_matrix(const Node* matrix, std::vector<Diagnostic>& errors) {
  if (matrix == nullptr || matrix->is_null()) return {.matrix = {}, .cells = {Cell()}};
  return Expander(errors).expand(*matrix);
}

}  // namespace dsnn::config
