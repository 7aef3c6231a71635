#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"

namespace dsnn::config {

/// `over` laid over `under` by rule 1: maps key by key, all else whole; a section whose type changes, or that gains a
/// `search`, keeps only the keys its kind shares. `key` is the last part of the section's path. A null stays in the
/// result, where it stands for "the default". Throws ConfigError where a blank would remove something.
Node merge(const Node& under, const Node& over, std::string_view key);

/// Throws ConfigError at `place` when `over` is blank and something stands `under` it: nobody removes by leaving out.
void refuse_blank(const Node& under, const Node& over, std::string_view key, const Place& place);

/// The keys beside `search` laid under one of its choices; what comes from them gets `scope`, at every depth.
Node with_common_keys(const Node& common, const Node& choice, int scope);

/// A file and its parents, merged.
struct Loaded {
  Node tree;
  std::vector<std::filesystem::path> parents;  ///< nearest first
};
/// Reads `file` and what it extends (at most 4 deep). Throws ConfigError.
Loaded load_with_parents(const std::filesystem::path& file, Sources& sources);

/// True for the key of a section with a `type` ("optimizer"): there a string means {type: STRING}.
bool is_component_key(std::string_view key);

/// {type: TEXT} for a plain string, else the node itself.
Node long_form(const Node& node);

}  // namespace dsnn::config
