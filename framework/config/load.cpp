#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "config/cell_tree.h"
#include "config/did_you_mean.h"
#include "config/experiment_check.h"
#include "config/framework_schema.h"
#include "config/matrix.h"
#include "config/merge.h"
#include "config/reserved_names.h"
#include "config/scalar.h"
#include "config/spec.h"
#include "dsnn/text.h"
#include "dsnn/version.h"
#include "store/file.h"

namespace dsnn::config {
namespace {

constexpr size_t kMaxNameBytes = 128;
constexpr size_t kMaxSeeds = 1000;
constexpr size_t kMaxRuns = 10'000;

bool is_study_name(const std::string& text) {
  return !text.empty() && text.size() <= kMaxNameBytes && text.front() != '.' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
                  c == '-';
         });
}

std::vector<int> version_parts(std::string_view text) {
  std::vector<int> out;
  size_t from = 0;
  while (from <= text.size()) {
    const size_t to = std::min(text.find('.', from), text.size());
    const auto part = read_integer(text.substr(from, to - from));
    if (!part || *part < 0 || *part > 1'000'000) return {};
    out.push_back(static_cast<int>(*part));
    from = to + 1;
  }
  return out;
}

/// Whether `version` satisfies ">=0.3"; nullopt when the requirement is not of this form.
std::optional<bool> satisfies(const std::string& version, const std::string& requirement) {
  const bool at_least = requirement.starts_with(">="), exactly = requirement.starts_with("==");
  if (!at_least && !exactly) return std::nullopt;
  size_t from = 2;
  while (from < requirement.size() && requirement[from] == ' ') ++from;
  std::vector<int> wanted = version_parts(requirement.substr(from)), have = version_parts(version);
  if (wanted.empty()) return std::nullopt;
  if (exactly) have.resize(wanted.size());
  const size_t size = std::max(wanted.size(), have.size());
  wanted.resize(size);
  have.resize(size);
  return at_least ? have >= wanted : have == wanted;
}

class FileLoader {
 public:
  FileLoader(const std::filesystem::path& file, const LoadOptions& options, const plugin::Catalog& catalog,
             Diagnostics& diagnostics)
      : file_(file), options_(options), catalog_(catalog), diagnostics_(diagnostics) {}

  std::vector<ExperimentSpec> load() {
    before_ = diagnostics_.errors();
    std::vector<ExperimentSpec> specs;
    try {
      specs = read();
    } catch (const ConfigError& e) {
      diagnostics_.add(e);
    }
    for (const ExperimentSpec& spec : specs) {
      for (const Diagnostic& note : spec.notes) diagnostics_.add(note);
    }
    if (diagnostics_.errors() == before_) return specs;
    diagnostics_.count_file();
    return {};
  }

 private:
  void error(const Place& place, const std::string& message, const std::string& hint = "") {
    diagnostics_.add(diagnostic_at(place, message, hint));
  }

  std::vector<ExperimentSpec> read() {
    Loaded loaded = load_with_parents(file_, sources_);
    Node& tree = loaded.tree;
    if (!tree.is_map()) {
      error(tree.place, "an experiment file is a map of sections, got " + describe(tree),
            "start it with 'schema: dsnn/1'");
      return {};
    }
    top_ = {.source = tree.place.source, .line = tree.place.line, .column = tree.place.column};
    read_settings();
    for (const Overlay& s : settings_) {
      if (is_early(s)) apply_early(tree, s);
    }
    check_language(tree);
    check_requires(tree);
    check_name(tree);
    const std::vector<int64_t> seeds = read_seeds(tree);
    std::vector<Diagnostic> errors;
    Expansion expansion = expand_matrix(tree.find("matrix"), errors);
    expansion.matrix.seeds = seeds;
    for (Diagnostic& e : errors) diagnostics_.add(std::move(e));
    if (expansion.cells.empty() || !errors.empty() || !named_) return {};
    if (expansion.cells.size() * seeds.size() > kMaxRuns) {
      error(tree.find("seed")->place, std::to_string(expansion.cells.size()) + " cells times " +
                                          std::to_string(seeds.size()) + " seeds are more than 10,000 runs");
      return {};
    }
    check_declared(tree);
    std::vector<ExperimentSpec> specs = check_cells(tree, expansion.cells);
    if (diagnostics_.errors() != before_ || specs.empty()) return {};
    for (ExperimentSpec& spec : specs) {
      spec.source = file_;
      spec.matrix = expansion.matrix;
      spec.parents = loaded.parents;
    }
    return with_seeds(specs, seeds);
  }

  static bool is_early(const Overlay& s) {
    const std::string first = s.path.substr(0, s.path.find('.'));
    return first == "matrix" || first == "name" || first == "seed" || first == "schema" || first == "requires" ||
           first == "parameters" || first == "extends";
  }

  static void apply_early(Node& tree, const Overlay& s) {
    Node* matrix = s.path.starts_with("matrix.") ? tree.find("matrix") : nullptr;
    const std::string axis = s.path.substr(std::min(s.path.size(), size_t{7}));
    // The name of an axis is a key path itself: its dots do not lead into it.
    if (matrix != nullptr && matrix->is_map() && (matrix->find(axis) != nullptr || s.value.is_list())) {
      matrix->set({.key = axis, .place = s.place, .value = s.value});
    } else {
      assign(tree, s.path, s.place, s.value, Assign::replace);
    }
  }

  void read_settings() {
    for (const std::string& text : options_.sets) {
      const Source source{
          .name = "--set " + text.substr(0, 200), .folder = std::filesystem::current_path(), .lines = {}};
      if (const size_t bad = find_control(text); bad != std::string::npos) {
        throw ConfigError(SourceLocation{.file = source.name},
                          "character " + std::to_string(bad + 1) + " is a control character or no UTF-8", "remove it");
      }
      const size_t equals = text.find('=');
      if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
        throw ConfigError(SourceLocation{.file = source.name}, "--set takes KEY.PATH=VALUE",
                          "for example --set training.epochs=3; null removes a key");
      }
      Overlay made{.path = text.substr(0, equals), .place = {}, .value = {}};
      made.value = parse_document("value: " + text.substr(equals + 1), source, sources_).entries.at(0).value;
      made.place = {.source = made.value.place.source};
      if (made.place.source == nullptr) made.place.source = sources_.add(source);
      without_lines(made.value);
      if (made.path == "extends") error(made.place, "'extends' cannot be set on the command line");
      settings_.push_back(std::move(made));
    }
  }

  /// A --set option is named in messages; it has no line to show.
  static void without_lines(Node& node) {
    node.place.line = node.place.column = 0;
    for (Node& item : node.items) without_lines(item);
    for (Entry& entry : node.entries) {
      entry.place.line = entry.place.column = 0;
      without_lines(entry.value);
    }
  }

  void check_language(const Node& tree) {
    const Node* schema = tree.find("schema");
    if (schema == nullptr || schema->is_null()) {
      error(top_, "the key 'schema' is missing", std::string("start the file with 'schema: ") + kLanguage + "'");
    } else if (!schema->is_scalar() || schema->text != kLanguage) {
      error(schema->place, std::string("this build reads the language ") + kLanguage + ", got " + describe(*schema));
    }
  }

  void check_name(const Node& tree) {
    const Node* name = tree.find("name");
    named_ = name != nullptr && name->is_scalar();
    if (named_ && is_reserved_name(name->text)) {
      error(name->place, "the name '" + name->text + "' is reserved: the program has files of this name in its folders",
            "choose another one");
      return;
    }
    if (named_ && is_study_name(name->text)) return;
    if (named_) {
      error(name->place,
            "a name is made of letters, digits, '.', '_' and '-', at most 128, without a leading dot; got " +
                describe(*name));
    } else if (name != nullptr && !name->is_null()) {
      error(name->place, name->find("search") != nullptr ? "a search domain cannot stand under 'name'"
                                                         : "'name' must be a text, got " + describe(*name));
    } else {
      error(top_, "this file has no 'name': it is a base for others and cannot be run",
            "add 'name: NAME', or name a file that extends it");
    }
    named_ = false;
  }

  void check_requires(const Node& tree) {
    const Entry* entry = tree.entry("requires");
    if (entry == nullptr || entry->value.is_null()) return;
    if (!entry->value.is_map())
      return error(entry->value.place, "'requires' is a map: {dsnn: \">=0.3\", plugins: {NAME: \">=1.2\"}}");
    for (const Entry& one : entry->value.entries) {
      if (one.key == "dsnn") {
        require(one.value, "dsnn-run", kVersion);
      } else if (one.key == "plugins" && one.value.is_map()) {
        for (const Entry& plugin : one.value.entries) require_plugin(plugin);
      } else if (one.key == "plugins") {
        error(one.value.place, "'plugins' maps names to versions, got " + describe(one.value));
      } else {
        const std::vector<std::string> keys = {"dsnn", "plugins"};
        error(one.place, "unknown key '" + one.key + "' in 'requires'", suggestion(one.key, keys));
      }
    }
  }

  void require_plugin(const Entry& entry) {
    for (const auto& file : catalog_.files()) {
      if (file->name == entry.key) return require(entry.value, "plugin '" + entry.key + "'", file->version);
    }
    std::vector<std::string> names;
    for (const auto& file : catalog_.files()) names.push_back(file->name);
    const auto nearest = did_you_mean(entry.key, names);
    std::string searched;
    for (const auto& folder : catalog_.folders()) searched += (searched.empty() ? "" : ", ") + folder.string();
    error(entry.place,
          "this file requires the plugin '" + entry.key + "', which was not found (searched: " + searched + ")",
          nearest ? "did you mean '" + *nearest + "'?" : "set DSNN_PLUGIN_PATH or --plugin-dir");
  }

  void require(const Node& wanted, const std::string& what, const std::string& version) {
    const auto good = wanted.is_scalar() ? satisfies(version, wanted.text) : std::nullopt;
    if (!good)
      error(wanted.place, "a version requirement is \">=MAJOR.MINOR\" or \"==MAJOR.MINOR\", got " + describe(wanted));
    else if (!*good)
      error(wanted.place, "this file requires " + what + " " + wanted.text + "; this is " + version);
  }

  std::vector<int64_t> read_seeds(const Node& tree) {
    const Node* seed = tree.find("seed");
    if (seed == nullptr || seed->is_null()) return {0};
    if (seed->find("search") != nullptr) {
      error(seed->place, "a search domain cannot stand under 'seed'",
            "write a list to repeat every run: seed: [1, 2, 3]");
      return {0};
    }
    seed_in_path_ = seed->is_list();
    const std::vector<Node> nodes = seed->is_list() ? seed->items : std::vector<Node>{*seed};
    std::vector<int64_t> seeds;
    if (nodes.size() > kMaxSeeds) {
      error(seed->place, "more than 1,000 seeds");
      return {0};
    }
    for (const Node& node : nodes) {
      const auto value = node.is_scalar() && !node.quoted ? read_integer(node.text) : std::nullopt;
      if (!value || *value < 0)
        error(node.place, "a seed is a whole number, 0 or more, got " + describe(node));
      else if (std::find(seeds.begin(), seeds.end(), *value) != seeds.end())
        error(node.place, "the seed " + node.text + " is repeated");
      else
        seeds.push_back(*value);
    }
    if (nodes.empty()) error(seed->place, "the list of seeds is empty");
    return seeds;
  }

  void check_declared(const Node& tree) {
    const Node* declared = tree.find("parameters");
    if (declared == nullptr || declared->is_null()) return;
    if (!declared->is_map())
      return error(declared->place, "'parameters' maps names to domains, got " + describe(*declared),
                   "write parameters: {lr: {float: [1e-3, 0.2], log: true}}");
    for (const Entry& entry : declared->entries) {
      if (entry.key.find_first_not_of(' ') == std::string::npos) error(entry.place, "a parameter has an empty name");
      if (entry.key.find('.') != std::string::npos)
        error(entry.place, "the name of a parameter holds no dot, got '" + entry.key + "'");
    }
  }

  std::vector<ExperimentSpec> check_cells(const Node& tree, const std::vector<Cell>& cells) {
    std::vector<ExperimentSpec> specs;
    std::set<std::string, std::less<>> used;
    std::vector<Overlay> late;
    std::copy_if(settings_.begin(), settings_.end(), std::back_inserter(late),
                 [](const auto& s) { return !is_early(s); });
    for (const Cell& cell : cells) {
      std::vector<Diagnostic> errors;
      const Node merged = tree_of_cell(tree, cell, late, errors);
      for (Diagnostic& e : errors) diagnostics_.add(std::move(e));
      if (auto spec = check_experiment(merged, cell, catalog_, diagnostics_, used)) specs.push_back(std::move(*spec));
    }
    if (cells.size() > 1 && diagnostics_.errors() == before_) refuse_twins(*tree.find("matrix"), cells, specs);
    const Node* declared = tree.find("parameters");
    if (declared == nullptr) return specs;
    for (const Entry& entry : declared->entries) {
      if (used.contains(entry.key) || entry.value.is_null()) continue;
      error(entry.place, "parameter '" + entry.key + "' is declared but never used",
            "use it with {search: " + entry.key + "}");
    }
    return specs;
  }

  static std::string content(const ExperimentSpec& spec) {
    return store::sha256_hex(to_canonical_json(spec.tree) + to_canonical_json(spec.space.to_json()));
  }

  /// Cells that differ in their labels only, such as those of 1e-3 and 0.001.
  void refuse_twins(const Node& matrix, const std::vector<Cell>& cells, const std::vector<ExperimentSpec>& specs) {
    std::map<std::string, size_t> known;
    std::set<std::string> said;
    for (size_t i = 0; i < specs.size(); ++i) {
      const auto [twin, is_new] = known.emplace(content(specs[i]), i);
      if (is_new) continue;
      const Cell &first = cells[twin->second], &second = cells[i];
      size_t axis = 0;
      while (first.labels[axis].second == second.labels[axis].second) ++axis;
      const auto& [name, label] = second.labels[axis];
      if (!said.insert(name + "=" + label).second) continue;
      error(
          matrix.find(name)->place,
          "the cells '" + first.name() + "' and '" + second.name() + "' are the same experiment",
          "axis '" + name + "': leave '" + label + "' out, or let it differ from '" + first.labels[axis].second + "'");
    }
  }

  std::vector<ExperimentSpec> with_seeds(const std::vector<ExperimentSpec>& specs,
                                         const std::vector<int64_t>& seeds) const {
    std::vector<ExperimentSpec> out;
    for (const ExperimentSpec& spec : specs) {
      for (int64_t seed : seeds) {
        out.push_back(spec);
        out.back().seed = seed;
        out.back().seed_in_path = seed_in_path_;
        out.back().tree.set("seed", Value(seed));
      }
    }
    return out;
  }

  std::filesystem::path file_;
  const LoadOptions& options_;
  const plugin::Catalog& catalog_;
  Diagnostics& diagnostics_;
  Sources sources_;
  std::vector<Overlay> settings_;  ///< of --set
  Place top_;
  int before_ = 0;  // errors of other files
  bool named_ = false, seed_in_path_ = false;
};

}  // namespace

std::vector<ExperimentSpec> load(const std::filesystem::path& file, const LoadOptions& options,
                                 const plugin::Catalog& catalog, Diagnostics& diagnostics) {
  return FileLoader(file, options, catalog, diagnostics).load();
}

}  // namespace dsnn::config
