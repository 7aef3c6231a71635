#pragma once

#include <deque>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "dsnn/error.h"
#include "dsnn/value.h"

namespace dsnn::config {

/// One text that was read: a file, standard input or a --set option.
struct Source {
  std::string name;              ///< as messages show it
  std::filesystem::path folder;  ///< what relative paths in it refer to
  std::vector<std::string> lines;
};

/// Owns the sources of one load; addresses stay valid.
class Sources {
 public:
  const Source* add(Source source);

 private:
  std::deque<Source> all_;
};

/// A stretch of a source. Lines and columns count from 1; no source = a default.
struct Place {
  const Source* source = nullptr;
  int line = 0, column = 0;
  int length = 1;  ///< of the carets
};
SourceLocation location(const Place& place);
/// A message that shows the line with carets.
Diagnostic diagnostic_at(const Place& place, const std::string& message, const std::string& hint = "");

struct Entry;

/// The tree of an experiment file, with the place of every key and value. No yaml-cpp type leaves document.cpp.
struct Node {
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  bool quoted = false;  ///< of a scalar: never read as a number or boolean
  bool blank = false;   ///< of a null: "key:" and nothing behind it, where `key: null` would say what it means
  std::string text{};   ///< of a scalar
  Place place{};
  std::vector<Node> items{};   ///< of a list
  std::vector<Entry> entries;  ///< of a map, in file order

  bool is_null() const { return kind == Kind::null; }
  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_list() const { return kind == Kind::list; }
  bool is_map() const { return kind == Kind::map; }
  const Node* find(std::string_view key) const;  ///< of a map, else nullptr
  Node* find(std::string_view key);
  const Entry* entry(std::string_view key) const;
  /// Replaces or appends.
  void set(Entry entry);
  void erase(std::string_view key);
};

struct Entry {
  std::string key;
  Place place{};  ///< of the key
  Node value;
  int scope = -1;  ///< of a key common to the choices of a `search`: where its parameters live (see SchemaCheck)
};

/// A map without entries.
Node empty_map(const Place& place = {});
/// Rebuilds a Value as a Node without a place: defaults pass through the same checks as what users write.
Node node_from(const Value& value);
/// Plain text of a short node, for messages: "1.5", "a list", "a map".
std::string describe(const Node& node);

inline constexpr size_t kMaxFileBytes = size_t{1} << 20;
inline constexpr size_t kMaxScalarBytes = size_t{64} << 10;
inline constexpr int kMaxDepth = 64;
inline constexpr size_t kMaxNodes = 100'000;  ///< after the expansion of aliases
inline constexpr size_t kMaxAliases = 1'000;

/// The tree of one YAML document. Refuses what dsnn/1 leaves out (tags, merge keys, several documents, repeated keys)
/// and what passes the safety limits (ConfigError with exit code 78). Throws ConfigError; all repeated keys at once.
Node parse_document(std::string_view text, Source source, Sources& sources);

}  // namespace dsnn::config
