#include "config/merge.h"

#include <algorithm>
#include <array>

#include "config/experiment_file.h"
#include "config/kind_schema.h"

namespace dsnn::config {
namespace {

constexpr size_t kMaxParents = 4;
constexpr std::array<std::string_view, 16> kComponentKeys = {
    "evaluator",   "task",      "dataset",   "backbone", "operator", "optimizer", "schedule", "loss",
    "acquisition", "surrogate", "inference", "fidelity", "augment",  "pruning",   "sampling", "averaging"};

std::vector<std::string> shared_keys(std::string_view key) {
  if (key == "optimizer") return keys_of(kind_fields(Kind::optimizer));
  if (key == "dataset") {
    std::vector<std::string> keys = keys_of(kind_fields(Kind::dataset));
    keys.emplace_back("input_size");
    return keys;
  }
  if (key == "operator") {
    std::vector<std::string> keys = keys_of(kind_fields(Kind::op));
    keys.emplace_back("parameters_ratio");
    return keys;
  }
  if (key == "backbone") return {"weights", "reset", "output_stride"};
  return {};
}

bool is_section(const Node& node, std::string_view key) {
  return node.is_map() && (is_component_key(key) || node.find("type") != nullptr);
}

const std::string* type_of(const Node& node) {
  const Node* type = node.find("type");
  return type != nullptr && type->is_scalar() ? &type->text : nullptr;
}

/// Whether `over` makes a section of another kind of thing out of `under`.
bool starts_anew(const Node& under, const Node& over) {
  const bool gains_search = over.find("search") != nullptr && under.find("search") == nullptr;
  const std::string* type = type_of(over);
  const std::string* before = type_of(under);
  const bool changes_type = type != nullptr && (before == nullptr || *before != *type) &&
                            (before != nullptr || under.find("search") != nullptr);
  return gains_search || changes_type;
}

Node keep_shared(const Node& section, std::string_view key) {
  const std::vector<std::string> shared = shared_keys(key);
  Node kept = section;
  std::erase_if(kept.entries,
                [&](const Entry& e) { return std::find(shared.begin(), shared.end(), e.key) == shared.end(); });
  return kept;
}

/// To every entry outside the choices of a domain that has none yet.
void give_scope(Node& map, int scope) {
  for (Entry& entry : map.entries) {
    if (entry.scope < 0) entry.scope = scope;
    if (entry.key != "search") give_scope(entry.value, scope);
  }
}

}  // namespace

bool is_component_key(std::string_view key) {
  return std::find(kComponentKeys.begin(), kComponentKeys.end(), key) != kComponentKeys.end();
}

Node long_form(const Node& node) {
  if (!node.is_scalar()) return node;
  Node out;
  out.kind = Node::Kind::map;
  out.place = node.place;
  out.entries.push_back({.key = "type", .place = node.place, .value = node});
  return out;
}

void refuse_blank(const Node& under, const Node& over, std::string_view key, const Place& place) {
  if (!over.blank || under.is_null()) return;
  const std::string name(key);
  throw ConfigError(
      {diagnostic_at(place, "'" + name + "' is empty here, but not at " + to_string(location(under.place)),
                     "write '" + name + ": null' to remove it, or leave the key out")});
}

Node merge(const Node& under, const Node& over, std::string_view key) {
  if (over.is_scalar() && is_section(under, key)) return merge(under, long_form(over), key);
  if (under.is_scalar() && over.is_map() && is_section(over, key)) return merge(long_form(under), over, key);
  if (!under.is_map() || !over.is_map()) return over;
  const bool value_domain = over.find("search") != nullptr && !is_section(under, key) && !is_section(over, key);
  Node out = value_domain ? empty_map() : (starts_anew(under, over) ? keep_shared(under, key) : under);
  out.place = over.place;
  for (const Entry& entry : over.entries) {
    const Node* below = out.find(entry.key);
    Entry merged = entry;
    if (below != nullptr) refuse_blank(*below, entry.value, entry.key, entry.place);
    if (below != nullptr && entry.key != "search") merged.value = merge(*below, entry.value, entry.key);
    out.set(std::move(merged));
  }
  return out;
}

Node with_common_keys(const Node& common, const Node& choice, int scope) {
  Node under = common;
  give_scope(under, scope);
  return merge(under, choice, "");
}

Loaded load_with_parents(const std::filesystem::path& file, Sources& sources) {
  const bool from_stdin = file == "-";
  Loaded out;
  const Source source{
      .name = from_stdin ? "<stdin>" : file.string(), .folder = from_stdin ? "." : file.parent_path(), .lines = {}};
  out.tree = parse_document(read_experiment_file(file), source, sources);
  std::vector<std::filesystem::path> seen = {std::filesystem::weakly_canonical(file)};
  std::vector<Node> chain;
  Node current = out.tree;
  std::filesystem::path at = file;
  while (const Node* extends = current.find("extends")) {
    if (extends->is_null()) break;
    if (!extends->is_scalar())
      throw ConfigError({diagnostic_at(extends->place, "'extends' names one file, got " + describe(*extends))});
    const std::filesystem::path parent = (at.parent_path() / extends->text).lexically_normal();
    if (std::find(seen.begin(), seen.end(), std::filesystem::weakly_canonical(parent)) != seen.end()) {
      throw ConfigError({diagnostic_at(extends->place,
                                       "'extends' goes round in a circle: " + parent.string() + " extends this file")});
    }
    if (seen.size() > kMaxParents)
      throw ConfigError({diagnostic_at(extends->place, "'extends' is more than 4 files deep")});
    std::error_code failure;
    if (!std::filesystem::is_regular_file(parent, failure)) {
      throw ConfigError({diagnostic_at(extends->place, "'extends' names a file that does not exist: " + parent.string(),
                                       "the path is relative to the file that holds it")});
    }
    seen.push_back(std::filesystem::weakly_canonical(parent));
    out.parents.push_back(parent);
    Node next = parse_document(read_experiment_file(parent),
                               {.name = parent.string(), .folder = parent.parent_path(), .lines = {}}, sources);
    if (!next.is_map())
      throw ConfigError({diagnostic_at(next.place, "an experiment file is a map of sections, got " + describe(next))});
    chain.push_back(std::move(current));
    current = std::move(next);
    at = parent;
  }
  if (chain.empty()) return out;
  for (auto child = chain.rbegin(); child != chain.rend(); ++child) {
    current.erase("name");  // a name belongs to its own file
    current.erase("extends");
    current = merge(current, *child, "");
  }
  out.tree = std::move(current);
  return out;
}

}  // namespace dsnn::config
