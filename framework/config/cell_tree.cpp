#include "config/cell_tree.h"

#include <algorithm>

#include "config/key_path.h"

namespace dsnn::config {
namespace {

struct Written {
  std::string path;
  Place place;
};

/// Every domain that stands under `path`, but none inside the choices of another.
void collect_domains(const Node& node, const std::string& path, std::vector<Written>& out) {
  for (const Entry& entry : node.entries) {
    if (entry.key == "search")
      out.push_back({path, entry.place});
    else
      collect_domains(entry.value, path + "." + entry.key, out);
  }
}

bool same(const Place& a, const Place& b) { return a.source == b.source && a.line == b.line && a.column == b.column; }

/// True when the value of an overlay, or nothing for its null, is what stands at its path.
bool holds(const Node& tree, const Overlay& overlay) {
  const Node* found = find_path(tree, overlay.path);
  if (overlay.value.is_null()) return found == nullptr || found->is_null();
  return found != nullptr && same(found->place, overlay.value.place);
}

bool overlap(const std::string& a, const std::string& b) {
  const std::string& shorter = a.size() < b.size() ? a : b;
  const std::string& longer = a.size() < b.size() ? b : a;
  const std::vector<std::string> above = paths_above(longer);
  return a == b || std::find(above.begin(), above.end(), shorter) != above.end();
}

class CellTree {
 public:
  CellTree(const Node& tree, const Cell& cell, std::vector<Diagnostic>& errors)
      : file_(tree), cell_(cell), errors_(errors), tree_(tree) {
    tree_.erase("matrix");
  }

  Node lay(const std::vector<Overlay>& settings) {
    for (const Overlay& overlay : cell_.overlays)
      assign(tree_, overlay.path, overlay.place, overlay.value, Assign::merge);
    for (const Overlay& overlay : cell_.overlays) {
      if (!holds(tree_, overlay)) {
        error(overlay.place, "'" + overlay.path + "' is set by another value of this cell as well",
              "let one of them set it");
      }
      keep_domains(overlay);
    }
    for (size_t i = 0; i < settings.size(); ++i) {
      assign(tree_, settings[i].path, settings[i].place, settings[i].value, Assign::replace);
      respect_matrix(settings[i]);
      for (size_t before = 0; before < i; ++before) respect_setting(settings[before], settings[i]);
    }
    return std::move(tree_);
  }

 private:
  void error(const Place& place, const std::string& message, const std::string& hint) {
    errors_.push_back(diagnostic_at(place, message, hint));
  }

  static std::string where(const Place& place) { return to_string(location(place)); }

  void keep_domains(const Overlay& overlay) {
    const std::string section = whole_section(overlay.path);
    const Node* written = find_path(file_, section);
    if (written == nullptr) return;
    std::vector<Written> domains;
    for (const Entry& entry : written->entries)
      collect_domains(entry.value, section + "." + entry.key, domains);  // its own domain may be replaced
    for (const Written& domain : domains) {
      const Node* left = find_path(tree_, domain.path);
      const Entry* search = left == nullptr ? nullptr : left->entry("search");
      if (search != nullptr && same(search->place, domain.place)) continue;
      error(overlay.place,
            "this case takes the search of '" + domain.path + "' away, which stands at " + where(domain.place),
            "remove it there, and write it in the cases that search it");
    }
  }

  void respect_matrix(const Overlay& setting) {
    for (const Overlay& overlay : cell_.overlays) {
      if (!overlap(setting.path, overlay.path) && holds(tree_, overlay)) continue;
      error(setting.place,
            "--set " + setting.path + " hides '" + overlay.path + "', which the matrix sets at " + where(overlay.place),
            "set the axis itself, as in --set 'matrix.AXIS=[VALUE]', or choose runs with --only");
    }
  }

  /// The same key twice means the later one; a part of it must come after the whole.
  void respect_setting(const Overlay& earlier, const Overlay& later) {
    if (earlier.path == later.path || holds(tree_, earlier) || !overlap(earlier.path, later.path)) return;
    if (earlier.path.size() < later.path.size()) return;
    error(later.place, "--set " + later.path + " hides --set " + earlier.path + ", which comes before it",
          "name the whole first, then its parts");
  }

  const Node& file_;
  const Cell& cell_;
  std::vector<Diagnostic>& errors_;
  Node tree_;
};

}  // namespace

Node tree_of_cell(const Node& tree, const Cell& cell, const std::vector<Overlay>& settings,
                  std::vector<Diagnostic>& errors) {
  return CellTree(tree, cell, errors).lay(settings);
}

}  // namespace dsnn::config
