#include "config/document.h"

#include <algorithm>
#include <set>
#include <sstream>
#include <unordered_map>

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "config/characters.h"
#include "config/flow_scan.h"
#include "dsnn/text.h"

namespace dsnn::config {
namespace {

constexpr size_t kMaxShownLine = 200;
constexpr int kSafetyExit = 78;

[[noreturn]] void refuse(const Place& place, const std::string& message, const std::string& hint = "") {
  throw ConfigError({diagnostic_at(place, message, hint)});
}

[[noreturn]] void limit(const Place& place, const std::string& message) {
  throw ConfigError({diagnostic_at(place, message)}, kSafetyExit);
}

[[noreturn]] void refuse(const Source* source, const FlowFault& fault) {
  refuse({.source = source, .line = fault.line, .column = fault.column}, fault.message, fault.hint);
}

size_t count_nodes(const Node& node) {
  size_t count = 1;
  for (const Node& item : node.items) count += count_nodes(item);
  for (const Entry& entry : node.entries) count += count_nodes(entry.value);
  return count;
}

int depth_of(const Node& node) {
  int below = 0;
  for (const Node& item : node.items) below = std::max(below, depth_of(item));
  for (const Entry& entry : node.entries) below = std::max(below, depth_of(entry.value));
  return below + 1;
}

/// Builds the tree from parser events, so that limits are checked before anything is expanded.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const Source* source) : source_(source) {}

  Node root;
  std::vector<Diagnostic> repeated;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node made = node(Node::Kind::null, mark, anchor);
    made.blank = !is_spelled_null(mark);
    leaf(std::move(made), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_tag(mark, tag);
    Node made = node(Node::Kind::scalar, mark, anchor);
    if (value.size() > kMaxScalarBytes) limit(made.place, "one value holds more than 64 KiB");
    made.quoted = tag == "!";
    made.text = value;
    if (const size_t bad = find_steering(value); bad != std::string::npos) {
      refuse(made.place, "this text holds the control character " + name_of_control(code_point_at(value, bad).value),
             "remove the escape");
    }
    const bool one_line = value.find('\n') == std::string::npos;
    made.place.length = one_line && !value.empty() ? static_cast<int>(value.size()) + (made.quoted ? 2 : 0) : 1;
    leaf(std::move(made), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const Place place = at(mark);
    if (++aliases_ > kMaxAliases) limit(place, "more than 1,000 aliases");
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) refuse(place, "this alias stands inside its own anchor: a cycle");
    count(place, found->second.nodes);
    if (static_cast<int>(stack_.size()) + found->second.depth > kMaxDepth) limit(place, "nested deeper than 64 levels");
    add(found->second.node);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::list, mark, tag, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::map, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Level {
    Node node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    Entry entry;
    std::set<std::string, std::less<>> keys;
  };
  struct Anchored {
    Node node;
    size_t nodes = 1;
    int depth = 1;
  };

  Place at(const YAML::Mark& mark) const {
    return {.source = source_, .line = mark.line + 1, .column = mark.column + 1};
  }

  /// Whether "null" or "~" stands there; the mark of a null that nobody wrote is that of what follows.
  bool is_spelled_null(const YAML::Mark& mark) const {
    if (mark.line < 0 || static_cast<size_t>(mark.line) >= source_->lines.size()) return false;
    const std::string& line = source_->lines[static_cast<size_t>(mark.line)];
    const size_t from = static_cast<size_t>(std::max(mark.column, 0));
    const size_t to = std::min(line.find_first_of(" ,]}", from), line.size());
    if (from >= to) return false;
    const std::string word = line.substr(from, to - from);
    return word == "~" || word == "null" || word == "Null" || word == "NULL";
  }

  void count(const Place& place, size_t nodes) {
    nodes_ += nodes;
    if (nodes_ > kMaxNodes) limit(place, "more than 100,000 nodes once aliases are copied");
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) const {
    if (tag.empty() || tag == "?" || tag == "!") return;
    refuse(at(mark), "tags ('" + tag.substr(0, 40) + "') are not part of dsnn/1",
           "leave it out: values are read by the schema's type");
  }

  Node node(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t) {
    Node made;
    made.kind = kind;
    made.place = at(mark);
    count(made.place, 1);
    return made;
  }

  void leaf(Node made, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = {.node = made};
    add(std::move(made));
  }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    refuse_tag(mark, tag);
    Level level;
    level.node = node(kind, mark, anchor);
    level.anchor = anchor;
    if (stack_.size() >= static_cast<size_t>(kMaxDepth)) limit(level.node.place, "nested deeper than 64 levels");
    if (!stack_.empty() && stack_.back().node.is_map() && !stack_.back().has_key) {
      refuse(level.node.place, "a key must be plain text, got a list or a map");
    }
    stack_.push_back(std::move(level));
  }

  void close() {
    Level done = std::move(stack_.back());
    stack_.pop_back();
    if (done.anchor != 0) {
      anchors_[done.anchor] = {.node = done.node, .nodes = count_nodes(done.node), .depth = depth_of(done.node)};
    }
    add(std::move(done.node));
  }

  void add(Node made) {
    if (stack_.empty()) {
      root = std::move(made);
      return;
    }
    Level& level = stack_.back();
    if (level.node.is_list()) {
      level.node.items.push_back(std::move(made));
    } else if (!level.has_key) {
      begin_entry(level, made);
    } else {
      level.has_key = false;
      level.entry.value = std::move(made);
      if (level.keys.insert(level.entry.key).second) {
        level.node.entries.push_back(std::move(level.entry));
      } else {
        repeat(level);
      }
      level.entry = Entry();
    }
  }

  void begin_entry(Level& level, const Node& key) {
    if (!key.is_scalar()) refuse(key.place, "a key must be plain text, got " + describe(key));
    if (key.text == "<<" && !key.quoted) {
      refuse(key.place, "merge keys '<<' are not part of dsnn/1", "use 'extends: FILE', or write the keys out");
    }
    if (const size_t bad = find_control(key.text); bad != std::string::npos) {
      refuse(key.place,
             "a key cannot hold the control character " + name_of_control(code_point_at(key.text, bad).value));
    }
    level.entry.key = key.text;
    level.entry.place = key.place;
    level.has_key = true;
  }

  void repeat(const Level& level) {
    const Entry* first = level.node.entry(level.entry.key);
    repeated.push_back(diagnostic_at(level.entry.place, "key '" + level.entry.key + "' is repeated in this map",
                                     "first written in line " + std::to_string(first->place.line)));
  }

  const Source* source_;
  std::vector<Level> stack_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  size_t nodes_ = 0, aliases_ = 0;
};

/// Finds out whether a second document follows.
class Presence : public YAML::EventHandler {
 public:
  YAML::Mark start = YAML::Mark::null_mark();
  void OnDocumentStart(const YAML::Mark& mark) override { start = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    deeper();
  }
  void OnSequenceEnd() override { --depth_; }
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    deeper();
  }
  void OnMapEnd() override { --depth_; }

 private:
  void deeper() {
    if (++depth_ > kMaxDepth) throw YAML::ParserException(start, "too deep");
  }
  int depth_ = 0;
};

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  size_t from = 0;
  while (from <= text.size()) {
    const size_t to = std::min(text.find('\n', from), text.size());
    std::string_view line = text.substr(from, to - from);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    from = to + 1;
  }
  return lines;
}

std::string plain_words(const std::string& parser_message) {
  std::string text = parser_message.substr(0, 120);
  while (!text.empty() && text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

const Source* Sources::add(Source source) {
  all_.push_back(std::move(source));
  return &all_.back();
}

SourceLocation location(const Place& place) {
  if (place.source == nullptr) return {.file = "default"};
  return {.file = place.source->name, .line = place.line, .column = place.column};
}

Diagnostic diagnostic_at(const Place& place, const std::string& message, const std::string& hint) {
  Diagnostic out{.where = location(place), .message = printable(message), .hint = printable(hint), .source_line = {}};
  if (place.source == nullptr || place.line < 1 || place.line > static_cast<int>(place.source->lines.size()))
    return out;
  out.source_line = clipped(place.source->lines[static_cast<size_t>(place.line - 1)], kMaxShownLine);
  const int room = static_cast<int>(out.source_line.size()) - place.column + 1;
  if (room < 1) {
    if (!out.source_line.empty() && place.column > static_cast<int>(kMaxShownLine)) out.source_line.clear();
    return out;
  }
  out.caret_length = std::max(1, std::min(place.length, room));
  return out;
}

const Entry* Node::entry(std::string_view key) const {
  for (const Entry& candidate : entries) {
    if (candidate.key == key) return &candidate;
  }
  return nullptr;
}

const Node* Node::find(std::string_view key) const {
  const Entry* found = entry(key);
  return found == nullptr ? nullptr : &found->value;
}

Node* Node::find(std::string_view key) { return const_cast<Node*>(std::as_const(*this).find(key)); }

void Node::set(Entry made) {
  for (Entry& candidate : entries) {
    if (candidate.key == made.key) {
      candidate = std::move(made);
      return;
    }
  }
  entries.push_back(std::move(made));
}

void Node::erase(std::string_view key) {
  std::erase_if(entries, [&](const Entry& candidate) { return candidate.key == key; });
}

Node empty_map(const Place& place) {
  Node out;
  out.kind = Node::Kind::map;
  out.place = place;
  return out;
}

Node node_from(const Value& value) {
  Node out;
  if (value.is_null()) return out;
  if (value.is_list()) {
    out.kind = Node::Kind::list;
    for (const Value& item : value.items()) out.items.push_back(node_from(item));
  } else if (value.is_map()) {
    out.kind = Node::Kind::map;
    for (const auto& [key, member] : value.members())
      out.entries.push_back({.key = key, .place = {}, .value = node_from(member)});
  } else {
    out.kind = Node::Kind::scalar;
    out.text = value.is_string() ? value.string() : to_json(value);
  }
  return out;
}

std::string describe(const Node& node) {
  if (node.is_null()) return "nothing";
  if (node.is_list()) return node.items.empty() ? "an empty list" : "a list";
  if (node.is_map()) return node.entries.empty() ? "an empty map" : "a map";
  std::string text(clipped(node.text, 40));
  if (node.text.size() > 40) text += "...";
  return node.quoted ? "the text \"" + text + "\"" : (text.empty() ? "an empty text" : text);
}

Node parse_document(std::string_view text, Source source, Sources& sources) {
  source.lines = split_lines(text.substr(0, kMaxFileBytes));
  if (!source.lines.empty() && source.lines[0].starts_with("\xEF\xBB\xBF")) source.lines[0].erase(0, 3);
  const Source* kept = sources.add(std::move(source));
  const Place top{.source = kept, .line = 1, .column = 1};
  if (text.size() > kMaxFileBytes) limit({.source = kept}, "the file is larger than 1 MiB");
  check_characters(text, kept);
  const auto fault = find_flow_fault(kept->lines);
  if (fault && fault->to_the_end) refuse(kept, *fault);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    TreeBuilder builder(kept);
    if (!parser.HandleNextDocument(builder) || builder.root.is_null()) {
      refuse(top, "the file is empty", "start it with 'schema: dsnn/1'");
    }
    if (!builder.repeated.empty()) throw ConfigError(builder.repeated);
    Presence second;
    if (parser.HandleNextDocument(second)) {
      refuse({.source = kept, .line = second.start.line + 1, .column = second.start.column + 1},
             "a second document begins here; a file holds one", "write two files");
    }
    return std::move(builder.root);
  } catch (const YAML::DeepRecursion& e) {
    limit({.source = kept, .line = e.mark.line + 1, .column = e.mark.column + 1}, "nested deeper than 64 levels");
  } catch (const YAML::Exception& e) {
    const Place place{.source = kept, .line = std::max(1, e.mark.line + 1), .column = std::max(1, e.mark.column + 1)};
    const bool unknown_anchor = e.msg.find("anchor") != std::string::npos;
    if (fault && !unknown_anchor && fault->line <= place.line) refuse(kept, *fault);
    refuse(place,
           unknown_anchor ? "this alias has no anchor before it" : "this is not valid YAML: " + plain_words(e.msg),
           unknown_anchor ? "declare it with '&NAME' above" : "");
  }
}

}  // namespace dsnn::config
